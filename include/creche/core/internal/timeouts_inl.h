// SPDX-License-Identifier: Apache-2.0
//
// What the compiler says of a time limit that is none: of std::chrono's, of a
// number, of a body that comes first.

#ifndef CRECHE_CORE_INTERNAL_TIMEOUTS_INL_H_
#define CRECHE_CORE_INTERNAL_TIMEOUTS_INL_H_

#include "creche/core/internal/time_argument.h"

namespace creche {

template <internal::IsNoDuration T, typename Body>
auto MoveOnAfter(const T&, const Body&) {
  internal::RefuseDuration<T>();
}
template <internal::IsNoTime T, typename Body>
auto MoveOnAt(const T&, const Body&) {
  internal::RefuseTime<T>();
}
template <internal::IsNoDuration T, typename Body>
auto FailAfter(const T&, const Body&) {
  internal::RefuseDuration<T>();
}
template <internal::IsNoTime T, typename Body>
auto FailAt(const T&, const Body&) {
  internal::RefuseTime<T>();
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_TIMEOUTS_INL_H_
