// SPDX-License-Identifier: Apache-2.0
//
// Nursery::Start(): the parts that are no templates.

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/internal/start_handshake.h"
#include "creche/core/nursery.h"

namespace creche::internal {

void StartHandshake::Started() {
  if (is_started) {
    Misuse("TaskStatus::Started() was called twice on the same status");
  }
  is_started = true;
  if (child == nullptr || starter->child_count() == 0) return;
  child->CheckIsOfThisRun();
  if (starter->scope().is_cancelled()) return;
  NurseryState::Move(*std::exchange(child, nullptr), *target);
}

absl::Status EndedWithoutStarted() {
  return absl::FailedPreconditionError(
      "the child that Nursery::Start() waited for ended without calling "
      "Started() on its TaskStatus");
}

#if defined(__cpp_exceptions)
void RethrowUnwrapped(const ExceptionGroup& group) {
  if (group.exceptions().size() != 1) throw;
  std::rethrow_exception(group.exceptions().front());
}
#endif

}  // namespace creche::internal
