// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/running.h"

#include <atomic>
#include <cstdint>

namespace creche::internal {

constinit thread_local Running running;

void TakeBlockOfTaskIds() {
  static constinit std::atomic<std::uint64_t> blocks = 0;
  running.newest_task_id =
      (blocks.fetch_add(1, std::memory_order_relaxed) + 1) * kTaskIdsInBlock;
}

}  // namespace creche::internal
