// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/simulated_network.h"

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"
#include "lib/testing/simulated_network_port.h"

namespace creche {

absl::Duration SimulatedNetwork::Network::NetworkClock::WaitFor(
    absl::Time deadline, bool /*expects_io*/) {
  // Tasks have run since the last Poll(), and may have closed their ends.
  network_.LookAtSensors();
  if (!network_.due_.empty()) return absl::ZeroDuration();
  const bool had_deadlock = this->had_deadlock();
  const absl::Duration wait = DeadlockClock::WaitFor(
      std::min(deadline, network_.NextEvent()),
      /*expects_io=*/internal::running.scheduler->has_helpers());
  if (this->had_deadlock() && !had_deadlock) ADD_FAILURE() << description();
  return wait;
}

bool SimulatedNetwork::Network::NetworkClock::Idle(absl::Time deadline) {
  return network_.due_.empty() &&
         DeadlockClock::Idle(std::min(deadline, network_.NextEvent()));
}

absl::Duration SimulatedNetwork::Network::Latency() {
  const std::int64_t min = absl::ToInt64Nanoseconds(options_.min_latency);
  const std::int64_t max = absl::ToInt64Nanoseconds(options_.max_latency);
  return absl::Nanoseconds(std::uniform_int_distribution<std::int64_t>(
      min, std::max(min, max))(random_));
}

// Each run has the same luck.
absl::Status SimulatedNetwork::Network::Open() {
  random_.seed(options_.seed);
  next_port_ = kFirstPort;
  clock_.BeginRun();
  return absl::OkStatus();
}

void SimulatedNetwork::Network::Close() {
  for (auto& [fd, listener] : listeners_) CloseListener(listener);
  for (const EndPtr& end : ends_) {
    if (!end->is_closed) close(end->sensor);
  }
  listeners_.clear();
  bound_.clear();
  ends_.clear();
  events_.clear();
}

void SimulatedNetwork::Network::Poll() {
  LookAtSensors();
  while (!events_.empty() && events_.begin()->first <= clock_.Now()) {
    const std::function<void()> event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
  for (const auto& [operation, result] : std::exchange(due_, {})) {
    --pending_;
    operation->Completed(result, 0);
  }
}

void SimulatedNetwork::Network::Wait(absl::Duration at_most) {
  if (at_most == absl::InfiniteDuration() && pending_ > 0) {
    internal::Misuse("a simulated network waits for what cannot come");
  }
  idle_.Wait(at_most);
  Poll();
}

void SimulatedNetwork::Network::Start(Operation& operation,
                                      const io_uring_sqe& entry) {
  ++pending_;
  LookAtSensors();
  Operation* const started = &operation;
  switch (entry.opcode) {
    case IORING_OP_NOP:
      return due_.emplace_back(started, 0), void();
    case IORING_OP_CONNECT:
      return StartConnect(operation, entry);
    case IORING_OP_ACCEPT: {
      auto listener = listeners_.find(entry.fd);
      if (listener == listeners_.end()) {
        return due_.emplace_back(started, -EINVAL), void();
      }
      listener->second.accept = started;
      listener->second.entry = entry;
      return TryAccept(listener->second);
    }
    case IORING_OP_SHUTDOWN: {
      const int result = shutdown(entry.fd, static_cast<int>(entry.len));
      return due_.emplace_back(started, result == 0 ? 0 : -errno), void();
    }
    case IORING_OP_CLOSE: {
      const int result = close(entry.fd);
      return due_.emplace_back(started, result == 0 ? 0 : -errno), void();
    }
    case IORING_OP_RECV:
    case IORING_OP_SEND:
      break;
    default:
      return due_.emplace_back(started, -EOPNOTSUPP), void();
  }
  const EndPtr end = FindEnd(entry.fd);
  if (end == nullptr) {
    due_.emplace_back(started, -ENOTCONN);
  } else if (entry.opcode == IORING_OP_RECV) {
    end->receive = started;
    end->receive_entry = entry;
    TryReceive(*end);
  } else {
    end->send = started;
    end->send_entry = entry;
    end->sent = 0;
    GoOnSending(end);
  }
}

// What has completed stays so.
void SimulatedNetwork::Network::Cancel(Operation& operation) {
  if (connecting_.erase(&operation) > 0) {
    due_.emplace_back(&operation, -ECANCELED);
  }
  for (auto& [fd, listener] : listeners_) {
    if (listener.accept == &operation) Complete(listener.accept, -ECANCELED);
  }
  for (const EndPtr& end : ends_) {
    if (end->receive == &operation) Complete(end->receive, -ECANCELED);
    if (end->send == &operation) {
      Complete(end->send,
               end->sent > 0 ? static_cast<int>(end->sent) : -ECANCELED);
    }
  }
}

auto SimulatedNetwork::Network::FindEnd(int fd) const -> EndPtr {
  for (const EndPtr& end : ends_) {
    if (end->fd == fd) return end;
  }
  return nullptr;
}

void SimulatedNetwork::Network::BreakAll() {
  for (const EndPtr& end : ends_) Reset(*end);
}

void SimulatedNetwork::Network::SilenceAll() {
  for (const EndPtr& end : ends_) end->is_silent = true;
}

SimulatedNetwork::SimulatedNetwork(SimulatedNetworkOptions options)
    : network_(std::make_unique<Network>(options)) {}

SimulatedNetwork::~SimulatedNetwork() = default;

OperationPort& SimulatedNetwork::port() { return *network_; }
Clock& SimulatedNetwork::clock() { return network_->clock(); }
void SimulatedNetwork::SetHost(const SocketAddress& address,
                               const SimulatedHost& host) {
  network_->SetHost(address, host);
}
void SimulatedNetwork::BreakAll() { network_->BreakAll(); }
void SimulatedNetwork::SilenceAll() { network_->SilenceAll(); }

}  // namespace creche
