// SPDX-License-Identifier: Apache-2.0

#include "creche/internal/running.h"

namespace creche::internal {

constinit thread_local Running running;

}  // namespace creche::internal
