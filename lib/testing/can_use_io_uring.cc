// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/can_use_io_uring.h"

#include "creche/core/task.h"
#include "creche/run.h"

namespace creche::testing::internal {

bool CanUseIoUring() {
  static const bool can = Run([]() -> Task<> { co_return; }).ok();
  return can;
}

}  // namespace creche::testing::internal
