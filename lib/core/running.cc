// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/running.h"

#include <atomic>
#include <cstdint>
#include <utility>

namespace creche::internal {

constinit thread_local Running running;

void TakeBlockOfTaskIds() {
  static constinit std::atomic<std::uint64_t> blocks = 0;
  running.newest_task_id =
      (blocks.fetch_add(1, std::memory_order_relaxed) + 1) * kTaskIdsInBlock;
}

CancelPointWatcher::CancelPointWatcher()
    : next_(std::exchange(running.watchers, this)) {}

CancelPointWatcher::~CancelPointWatcher() {
  CancelPointWatcher** link = &running.watchers;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
}

void CancelPointWatcher::TellAll() {
  for (CancelPointWatcher* watcher = running.watchers; watcher != nullptr;
       watcher = watcher->next_) {
    watcher->PassesCancelPoint();
  }
}

}  // namespace creche::internal
