// SPDX-License-Identifier: Apache-2.0

#include "creche/core/cancel_scope.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/task_record.h"
#include "lib/core/scheduler.h"

namespace creche {

CancelScope::CancelScope(CancelScopeOptions options) {
  node_.set_deadline(internal::ToNanoseconds(options.deadline));
  node_.set_timeout(internal::ToNanoseconds(options.timeout));
  node_.set_shield(options.shield);
}

void CancelScope::Cancel(absl::string_view reason) { node_.Cancel(reason); }

// Reading notices a deadline that has passed, so that the answer never goes
// back to false when the deadline is moved later.
bool CancelScope::cancel_called() const {
  if (!node_.cancel_called() && internal::running.scheduler != nullptr &&
      node_.stage() != internal::CancelNode::Stage::kExited &&
      node_.deadline() != internal::kNever &&
      node_.deadline() <= internal::ClockNow()) {
    node_.Expire();
  }
  return node_.cancel_called();
}

absl::Time CancelScope::deadline() const {
  internal::Nanoseconds deadline = node_.deadline();
  if (node_.is_relative() &&
      node_.stage() == internal::CancelNode::Stage::kFresh) {
    if (internal::running.scheduler == nullptr) {
      internal::Misuse(
          "CancelScope::deadline() of a scope with a timeout was called "
          "outside "
          "of a run: before its entry, that is a time on the run's clock");
    }
    deadline = std::min(deadline, internal::AddSaturating(internal::ClockNow(),
                                                          node_.timeout()));
  }
  return internal::FromNanoseconds(deadline);
}

void CancelScope::set_deadline(absl::Time deadline) {
  node_.set_deadline(internal::ToNanoseconds(deadline));
}

absl::Time CurrentEffectiveDeadline() {
  return internal::FromNanoseconds(
      internal::CurrentTask("CurrentEffectiveDeadline()")
          .scope()
          ->EffectiveDeadline());
}

bool CurrentlyCancelled() {
  return internal::CurrentTask("CurrentlyCancelled()").is_cancelled();
}

namespace internal {

std::string CancelledMessage(absl::string_view reason) {
  return reason.empty() ? "cancelled" : absl::StrCat("cancelled: ", reason);
}

}  // namespace internal
}  // namespace creche
