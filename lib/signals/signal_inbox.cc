// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/internal/running.h"
#include "creche/signals/with_signals.h"
#include "lib/core/outside_event.h"
#include "lib/core/scheduler.h"
#include "lib/signals/caught_signals.h"

namespace creche::internal {
namespace {

constexpr int kSignals = 64;

constexpr std::uint64_t BitOf(int signal) {
  return std::uint64_t{1} << (signal - 1);
}

}  // namespace

// What the signal handler leaves for the run.
class SignalInbox::Handler final : public OutsideEvent, public CaughtSignals {
 public:
  explicit Handler(SignalInbox& inbox)
      : OutsideEvent(*running.scheduler), inbox_(inbox) {}

  std::uint64_t pending() const { return pending_; }
  void Remove(int signal) { pending_ &= ~BitOf(signal); }

  // Afterwards there is nothing in the run's inbox that refers to this.
  void Stop() {
    Release();
    if (is_posted_) running.scheduler->inbox().Deliver();
  }

  void Happen() override {
    is_posted_ = false;
    inbox_.HandOver();
  }

 private:
  void OnSignal(int signal) override {
    pending_ |= BitOf(signal);
    if (!is_posted_.exchange(true)) Post();
  }

  SignalInbox& inbox_;
  std::atomic<std::uint64_t> pending_ = 0;
  std::atomic<bool> is_posted_ = false;
};

SignalInbox::SignalInbox() : handler_(std::make_unique<Handler>(*this)) {}

SignalInbox::~SignalInbox() {
  handler_->Stop();
  const std::uint64_t left = handler_->pending();
  // To the process, as they came: this thread may have blocked them.
  for (int signal = 1; signal <= kSignals; ++signal) {
    if ((left & BitOf(signal)) != 0) kill(getpid(), signal);
  }
}

absl::Status SignalInbox::Catch(const std::vector<int>& signals) {
  return handler_->Catch(signals, "WithSignals()");
}

// The next one after the last, in a circle: all have their turn.
int SignalInbox::Take() {
  const std::uint64_t pending = handler_->pending();
  if (pending == 0) return 0;
  do {
    last_ = last_ % kSignals + 1;
  } while ((pending & BitOf(last_)) == 0);
  handler_->Remove(last_);
  return last_;
}

void SignalInbox::HandOver() {
  while (auto* receiver =
             static_cast<ReceiveSignalOperation*>(receivers_.front())) {
    receiver->signal_ = Take();
    if (receiver->signal_ == 0) return;
    receivers_.Unpark(*receiver);
  }
}

}  // namespace creche::internal
