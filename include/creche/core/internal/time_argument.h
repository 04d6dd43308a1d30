// SPDX-License-Identifier: Apache-2.0
//
// What the compiler says where a duration or a time is wanted and something
// else is given. An overload that is there for that mistake calls these. It
// returns auto: then the compiler looks into it before it finds fault with what
// becomes of its result.

#ifndef CRECHE_CORE_INTERNAL_TIME_ARGUMENT_H_
#define CRECHE_CORE_INTERNAL_TIME_ARGUMENT_H_

#include <type_traits>

#include "absl/time/time.h"

namespace creche::internal {

template <typename T>
concept IsNoDuration = !std::is_convertible_v<T, absl::Duration>;
template <typename T>
concept IsNoTime = !std::is_convertible_v<T, absl::Time>;

template <typename T>
auto RefuseDuration() {
  static_assert(std::is_convertible_v<T, absl::Duration>,
                "creche: the first argument is an absl::Duration, such as "
                "absl::Seconds(1); write absl::FromChrono(d) for a duration of "
                "std::chrono");
}

template <typename T>
auto RefuseTime() {
  static_assert(std::is_convertible_v<T, absl::Time>,
                "creche: the first argument is an absl::Time, such as "
                "absl::Now() + absl::Seconds(1); write absl::FromChrono(t) for "
                "a time of std::chrono");
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_TIME_ARGUMENT_H_
