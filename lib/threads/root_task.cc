// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/root_task.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"
#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

class RootTask final : public TaskRecord,
                       public Awaiting<void, Hooked<Hooks::kBoth>> {
 public:
  RootTask(Scheduler& scheduler, RootWork& work, const char* name)
      : TaskRecord(nullptr, &scheduler.root()),
        scheduler_(scheduler),
        work_(work) {
    set_name(name);
  }

  Frame Begin() override {
    this->StartAwaitedFromTrampoline(TaskAccess::Release(work_.Run()));
    return {};
  }

  Frame OnCompleted() override {
    this->DestroyAwaited();
    End(absl::OkStatus());
    return {};
  }

  Frame OnUnwound() override {
    End(absl::CancelledError(CancelledMessage(scheduler_.root().reason())));
    return {};
  }

 private:
  void End(absl::Status status) {
    RootWork& work = work_;
    scheduler_.RootTaskEnded(*this);
    delete this;
    work.Ended(std::move(status));
  }

  Scheduler& scheduler_;
  RootWork& work_;
};

}  // namespace

bool StartRootTask(RootWork& work, const char* name) {
  Scheduler& scheduler = *running.scheduler;
  if (scheduler.main_ended()) return false;
  scheduler.StartRootTask(*new RootTask(scheduler, work, name));
  return true;
}

}  // namespace creche::internal
