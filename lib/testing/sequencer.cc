// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/sequencer.h"

#include <source_location>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"
#include "gtest/gtest.h"

namespace creche {

Sequencer::Turn::~Turn() {
  if (sequencer_ != nullptr) sequencer_->EndTurn();
}

Task<Sequencer::Turn> Sequencer::operator()(int position,
                                            std::source_location location) {
  if (position < next_ || !asked_for_.insert(position).second) {
    internal::Misuse(absl::StrCat("turn ", position,
                                  " of a Sequencer was asked for "
                                  "twice, or is negative"));
  }
  // Destroyed without having been dismissed: the task is being unwound.
  struct BreakUnlessDismissed {
    Sequencer* sequencer;
    ~BreakUnlessDismissed() {
      if (sequencer != nullptr) sequencer->Break();
    }
  } cancelled{this};
  if (is_broken_ || position == next_) {
    co_await Checkpoint();
  } else {
    co_await waiting_[position].Park("its turn in a Sequencer");
  }
  cancelled.sequencer = nullptr;
  if (is_broken_) {
    ADD_FAILURE_AT(location.file_name(), static_cast<int>(location.line()))
        << "turn " << position
        << " of a Sequencer can never come: a task that waited for its turn "
           "was cancelled";
  }
  co_return Turn(this);
}

void Sequencer::EndTurn() {
  ++next_;
  if (auto next = waiting_.find(next_); next != waiting_.end()) {
    next->second.UnparkAll();
  }
}

void Sequencer::Break() {
  is_broken_ = true;
  for (auto& [position, lot] : waiting_) lot.UnparkAll();
}

}  // namespace creche
