// SPDX-License-Identifier: Apache-2.0

#include "creche/core/timeouts.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"

namespace creche::internal {

absl::Status TimeLimit::Error() const {
  if (is_relative_ && limit_ <= 0) {
    return TimeoutError("not done at once, and there was no time left");
  }
  return TimeoutError(
      is_relative_
          ? absl::StrCat("not done after ",
                         absl::FormatDuration(absl::Nanoseconds(limit_)))
          : absl::StrCat("not done by ",
                         absl::FormatTime(FromNanoseconds(limit_))));
}

}  // namespace creche::internal
