// SPDX-License-Identifier: Apache-2.0

#include "creche/run.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/clock.h"
#include "creche/core/event_port.h"
#include "lib/cancel_on_signals.h"
#include "lib/core/scheduler.h"
#include "lib/dump_on_signals.h"
#include "lib/epoll/kernel_port.h"
#include "lib/uring/current_port.h"
#include "lib/uring/standard_descriptors.h"

namespace creche::internal {

// Declared in the order in which the parts depend on each other.
struct RunSession::Parts {
  // `kernel_port`, which is open, unless `options` have a port.
  Parts(const RunOptions& options, std::unique_ptr<OperationPort> kernel_port)
      : own_port(std::move(kernel_port)),
        port(options.port != nullptr ? *options.port : *own_port),
        is_open(own_port != nullptr),
        current_port(port),
        scheduler(
            options.clock != nullptr ? *options.clock : system_clock.emplace(),
            port, options.instruments, options.schedule_seed) {}
  ~Parts() {
    signals.reset();
    dump.reset();
    if (is_open) port.Close();
  }

  absl::Status Open(const RunOptions& options) {
    if (!is_open) {
      if (absl::Status opened = port.Open(); !opened.ok()) return opened;
      is_open = true;
    }
    if (!options.dump_on_signals.empty()) {
      absl::Status caught =
          dump.emplace(scheduler).Catch(options.dump_on_signals);
      if (!caught.ok()) return caught;
    }
    if (options.cancel_on_signals.empty()) return absl::OkStatus();
    return signals.emplace(scheduler).Catch(options.cancel_on_signals);
  }

  std::optional<SystemClock> system_clock;
  const std::unique_ptr<OperationPort> own_port;
  EventPort& port;
  bool is_open;
  const CurrentPort current_port;
  Scheduler scheduler;
  std::optional<DumpOnSignals> dump;
  std::optional<CancelOnSignals> signals;
};

RunSession::RunSession(RunOptions options) {
  if (running.scheduler != nullptr) {
    status_ = absl::FailedPreconditionError(
        "creche::Run() was called inside a run of this thread; await the task, "
        "or use another thread");
    return;
  }
  status_ = ReserveStandardDescriptors();
  if (!status_.ok()) return;
  std::unique_ptr<OperationPort> kernel_port;
  if (options.port == nullptr) {
    auto opened = OpenKernelPort(options.backend, options.ring_entries,
                                 options.uring_features);
    status_ = opened.status();
    if (!status_.ok()) return;
    kernel_port = *std::move(opened);
  }
  parts_ = std::make_unique<Parts>(options, std::move(kernel_port));
  status_ = parts_->Open(options);
}

RunSession::~RunSession() = default;

Scheduler& RunSession::scheduler() { return parts_->scheduler; }
EventPort& RunSession::port() { return parts_->port; }
CancelNode* RunSession::root() { return &parts_->scheduler.root(); }
void RunSession::Run(TaskRecord& main) { parts_->scheduler.Run(main); }
void RunSession::MainEnded() { parts_->scheduler.MainEnded(); }

absl::Status RunSession::CancelledStatus() {
  return absl::CancelledError(
      CancelledMessage(parts_->scheduler.root().reason()));
}

}  // namespace creche::internal
