// SPDX-License-Identifier: Apache-2.0

#include "creche/run.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "lib/cancel_on_signals.h"
#include "lib/core/scheduler.h"
#include "lib/uring/current_port.h"
#include "lib/uring/standard_descriptors.h"
#include "lib/uring/uring_port.h"

namespace creche::internal {

// Declared in the order in which the parts depend on each other.
struct RunSession::Parts {
  explicit Parts(const RunOptions& options)
      : port(options.port != nullptr
                 ? *options.port
                 : uring_port.emplace(options.ring_entries,
                                      options.uring_features)),
        current_port(port),
        scheduler(
            options.clock != nullptr ? *options.clock : system_clock.emplace(),
            port, options.instruments, options.schedule_seed) {}
  ~Parts() {
    signals.reset();
    if (is_open) port.Close();
  }

  absl::Status Open(const RunOptions& options) {
    if (absl::Status reserved = ReserveStandardDescriptors(); !reserved.ok()) {
      return reserved;
    }
    if (absl::Status opened = port.Open(); !opened.ok()) return opened;
    is_open = true;
    if (options.cancel_on_signals.empty()) return absl::OkStatus();
    return signals.emplace(scheduler).Catch(options.cancel_on_signals);
  }

  std::optional<SystemClock> system_clock;
  std::optional<UringPort> uring_port;
  EventPort& port;
  const CurrentPort current_port;
  bool is_open = false;
  Scheduler scheduler;
  std::optional<CancelOnSignals> signals;
};

RunSession::RunSession(RunOptions options) {
  if (running.scheduler != nullptr) {
    status_ = absl::FailedPreconditionError(
        "creche::Run() was called inside a run of this thread; await the task, "
        "or use another thread");
    return;
  }
  parts_ = std::make_unique<Parts>(options);
  status_ = parts_->Open(options);
}

RunSession::~RunSession() = default;

CancelNode* RunSession::root() { return &parts_->scheduler.root(); }
void RunSession::Run(TaskRecord& main) { parts_->scheduler.Run(main); }
void RunSession::MainEnded() { parts_->scheduler.MainEnded(); }

absl::Status RunSession::CancelledStatus() {
  return absl::CancelledError(
      CancelledMessage(parts_->scheduler.root().reason()));
}

}  // namespace creche::internal
