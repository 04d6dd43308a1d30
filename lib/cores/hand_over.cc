// SPDX-License-Identifier: Apache-2.0

#include "lib/cores/hand_over.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "creche/cores/internal/counted_connection.h"
#include "creche/threads/thread_channel.h"
#include "creche/uring/file_descriptor.h"
#include "lib/cores/core_set.h"

namespace creche::internal {

HandOver::HandOver(CoreSet& cores) : cores_(cores) {
  for (std::size_t i = 0; i < cores.count(); ++i) {
    ways_.push_back(
        std::make_unique<Way>(MakeThreadChannel<HandedOver>(kUnbounded)));
  }
}

void HandOver::BeginTaking(std::size_t index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ways_[index]->is_open = true;
}

void HandOver::StopTaking(std::size_t index) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ways_[index]->is_open = false;
  }
  while (at(index).TryReceive().ok()) {
  }
}

void HandOver::Give(FileDescriptor connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::optional<std::size_t> to = LeastLoaded();
  if (!to.has_value()) return;
  HandedOver handed_over{std::move(connection), CountedConnection(cores_, *to)};
  ways_[*to]->sender.TrySend(std::move(handed_over)).IgnoreError();
}

std::optional<std::size_t> HandOver::LeastLoaded() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    if (!ways_[i]->is_open) continue;
    if (!best.has_value() ||
        cores_.connections(i) < cores_.connections(*best)) {
      best = i;
    }
  }
  return best;
}

}  // namespace creche::internal
