// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/nursery_state.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/lent_arguments.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

std::string Describe(const TaskRecord& child) {
  return child.name() == nullptr
             ? std::string("a child task")
             : absl::StrCat("child task '", *child.name(), "'");
}

}  // namespace

void NurseryState::Open(TaskRecord& parent) {
  scope_.emplace();
  scope().set_tasks(&children_);
  scope().Enter(parent);
  parent_ = &parent;
  is_open_ = true;
  body_ended_ = false;
  anyone_unwound_ = false;
  keeps_completed_ = false;
}

void NurseryState::RefuseTo(const char* what) const {
  if (!is_open_) {
    Misuse(absl::StrCat(
        "Nursery::", what,
        "() was called on a nursery that has closed: its block has ended, and "
        "no task outlives it"));
  }
  Misuse(absl::StrCat("Nursery::", what,
                      "() was called outside of the nursery's run"));
}

// The frames between the one that runs and the body are of calls that the body
// awaits; of those of other tasks none leads to it. A local that no co_await
// follows may be on the native stack instead: no child starts before it is
// gone.
bool NurseryState::IsInTheBody(const volatile void* address) const {
  if (body_ == nullptr) return false;
  if (Scheduler::IsInThisStep(address)) return true;
  bool is_in_a_call = false;
  Frame frame = running.frame;
  while (frame && &frame.promise() != body_) {
    is_in_a_call |= frame.promise().FrameContains(address);
    frame = CallerOf(frame);
  }
  return body_->FrameContains(address) || (frame && is_in_a_call);
}

void RefuseToLend(const char* what) {
  Misuse(absl::StrCat(
      "Nursery::", what,
      "() was given a reference or pointer to a local of the nursery's body, "
      "or of a call that the body awaits: that is gone when the body ends, and "
      "children may live longer. Declare it outside of WithNursery()"));
}

void NurseryState::Fail(Failure failure, const std::string& whose) {
  if (!scope_->cancel_called()) {
    scope_->Cancel(absl::StrCat(whose, " failed: ", failure.Describe()));
  }
  failures_.push_back(std::move(failure));
}

void NurseryState::BodyEnded(Frame block) {
  body_ = nullptr;
  body_ended_ = true;
  parent_->WaitUncancellably(block, "the children of its nursery");
  WakeIfEmpty();
}

void NurseryState::NoteUnwound() {
  anyone_unwound_ = true;
  scope().CancelAsOutside();
}

void NurseryState::AllEnded() {
  is_open_ = false;
  parent_->Wake();
}

// If a child or the body failed, that error is returned; a cancellation from
// outside is seen at the task's next checkpoint. If nobody was unwound there is
// no cancellation to pass on.
bool NurseryState::Leave() {
  const bool caught = scope().Catches();
  if (anyone_unwound_) {
    scope().ExitUnwinding();
  } else {
    scope().Exit();
  }
  return anyone_unwound_ && !caught && failures_.empty() && !keeps_completed_;
}

void NurseryState::Forget() {
  failures_.clear();
  scope().ForgetReason();
}

void NurseryState::ChildFailed(TaskRecord& child, Failure failure) {
  child.nursery()->Fail(std::move(failure), Describe(child));
  RemoveChild(child);
}

void NurseryState::ChildUnwound(TaskRecord& child) {
  child.nursery()->NoteUnwound();
  RemoveChild(child);
}

void NurseryState::Move(TaskRecord& child, NurseryState& to) {
  NurseryState& from = *child.nursery();
  child.Unlink();
  --from.child_count_;
  child.set_nursery(&to);
  to.children_.PushBack(&child);
  ++to.child_count_;
  // What the child stands in hangs on the scope it entered first; if it has
  // entered none, on its own place.
  CancelNode* outermost = nullptr;
  for (CancelNode* node = child.scope(); node != &from.scope();
       node = node->parent()) {
    outermost = node;
  }
  if (outermost == nullptr) {
    child.set_scope(&to.scope());
    if (child.is_cancelled()) child.RequestAbort();
  } else {
    outermost->Reparent(to.scope());
  }
  from.WakeIfEmpty();
}

}  // namespace creche::internal
