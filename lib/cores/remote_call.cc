// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/internal/remote_call.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/threads/run_handle.h"
#include "lib/threads/root_task.h"

namespace creche::internal {
namespace {

// Shared by the two runs. What is marked "there" belongs to the thread of the
// run that the call is for, the rest to that of the caller.
class RemoteCall final : public RootWork,
                         public std::enable_shared_from_this<RemoteCall> {
 public:
  RemoteCall(RunHandle there, CallBody& body)
      : here_(RunHandle::Current()), there_(std::move(there)), body_(body) {}

  void Start(Waker waker) {
    waker_ = std::move(waker);
    const bool is_posted =
        there_.Post([call = shared_from_this()] { call->Begin(); });
    if (!is_posted) Finish();
  }

  // The end there is waited for.
  Abort Cancel() {
    is_cancelled_ = true;
    there_.Post([call = shared_from_this()] { call->scope_.Cancel("RunOn"); });
    return Abort::kPending;
  }

  bool has_completed() const { return has_completed_; }

  // There: a task has begun, or there is none any more.
  Task<> Run() override { co_await scope_.Run(body_.Run()); }
  void Ended(absl::Status status) override {
    has_completed_ = status.ok() && !scope_.cancelled_caught();
    here_.Post([call = std::move(self_)] { call->Finish(); });
  }

 private:
  void Begin() {
    self_ = shared_from_this();
    if (!StartRootTask(*this, "Core::RunOn")) {
      Ended(absl::UnavailableError("main has ended"));
    }
  }

  void Finish() {
    if (is_cancelled_ && !has_completed_) {
      waker_.Aborted();
    } else {
      waker_.Wake();
    }
  }

  const RunHandle here_;
  const RunHandle there_;
  CallBody& body_;
  Waker waker_;
  bool is_cancelled_ = false;
  bool has_completed_ = false;        // Written there, read here at the end.
  CancelScope scope_;                 // There.
  std::shared_ptr<RemoteCall> self_;  // There: until it has ended.
};

}  // namespace

Task<absl::Status> PerformOnCore(RunHandle there, std::size_t index,
                                 CallBody& body) {
  const auto call = std::make_shared<RemoteCall>(std::move(there), body);
  auto start = [&call](Waker waker) { call->Start(std::move(waker)); };
  auto abort = [&call] { return call->Cancel(); };
  co_await Suspend(start, abort, "Core::RunOn");
  if (call->has_completed()) co_return absl::OkStatus();
  co_return absl::UnavailableError(
      absl::StrCat("Core::RunOn: core ", index, " has ended"));
}

}  // namespace creche::internal
