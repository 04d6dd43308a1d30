// SPDX-License-Identifier: Apache-2.0

#include "creche/run.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "lib/core/scheduler.h"

namespace creche::internal {

// Declared in the order in which the parts depend on each other.
struct RunSession::Parts {
  explicit Parts(const RunOptions& options, EventPort& event_port)
      : port(event_port),
        scheduler(
            options.clock != nullptr ? *options.clock : system_clock.emplace(),
            port, options.instruments, options.schedule_seed) {}

  std::optional<SystemClock> system_clock;
  EventPort& port;
  Scheduler scheduler;
};

RunSession::RunSession(RunOptions options) {
  if (running.scheduler != nullptr) {
    status_ = absl::FailedPreconditionError(
        "creche::Run() was called inside a run of this thread; await the task, "
        "or use another thread");
    return;
  }
  EventPort* port = options.port;
  status_ = port->Open();
  if (!status_.ok()) return;
  parts_ = std::make_unique<Parts>(options, *port);
}

RunSession::~RunSession() {
  if (parts_ != nullptr) parts_->port.Close();
}

CancelNode* RunSession::root() { return &parts_->scheduler.root(); }
void RunSession::Run(TaskRecord& main) { parts_->scheduler.Run(main); }
void RunSession::MainEnded() { parts_->scheduler.MainEnded(); }

absl::Status RunSession::CancelledStatus() {
  return absl::CancelledError(
      CancelledMessage(parts_->scheduler.root().reason()));
}

}  // namespace creche::internal
