// SPDX-License-Identifier: Apache-2.0
//
// CancelPoints: counts the places where a run can be cancelled, and does
// something at one of them.

#ifndef CRECHE_LIB_TESTING_CANCEL_POINTS_H_
#define CRECHE_LIB_TESTING_CANCEL_POINTS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/instrument.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"

namespace creche::internal {

// A cancellation makes a difference only in relation to what a task does: it
// comes
// - while the task waits and can be cancelled;
// - when what it waits for has happened, or it has got its first turn, and
//   before it goes on (so, also: before the next operation starts);
// - before an operation that can complete at once.
// Those are the cancel points, numbered from 1 on in the order in which the
// tasks get there.
class CancelPoints final : public Instrument, public CancelPointWatcher {
 public:
  // The task of this name has no cancel points.
  static constexpr absl::string_view kIgnoredTask =
      "the sibling that fails (CancelEverywhere)";

  // Does `action` when the run has come to the point of number `chosen`; 0: to
  // none. Watches this thread's run until destroyed.
  explicit CancelPoints(std::size_t chosen = 0) : chosen_(chosen) {}

  // There are no more points.
  void Stop() { is_over_ = true; }

  void set_action(std::function<void()> action) { action_ = std::move(action); }

  std::size_t count() const { return count_; }
  bool was_reached() const { return chosen_ != 0 && count_ >= chosen_; }
  // What the chosen point is, once it was reached: the task, and where.
  const std::string& description() const { return description_; }

  void StepBegins(const TaskId& task) override;
  void StepEnds(const TaskId& task) override;

 private:
  void PassesCancelPoint() override;
  void Reach(const TaskRecord& task, const char* moment);

  const std::size_t chosen_;
  std::size_t count_ = 0;
  std::function<void()> action_;
  std::string description_;
  bool location_follows_ = false;
  bool is_over_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_CANCEL_POINTS_H_
