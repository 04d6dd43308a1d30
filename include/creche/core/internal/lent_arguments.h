// SPDX-License-Identifier: Apache-2.0
//
// CheckLentArguments: what a child is lent must outlive the child.

#ifndef CRECHE_CORE_INTERNAL_LENT_ARGUMENTS_H_
#define CRECHE_CORE_INTERNAL_LENT_ARGUMENTS_H_

#include <tuple>
#include <type_traits>

#include "creche/core/internal/kept_argument.h"
#include "creche/core/internal/nursery_state.h"

namespace creche::internal {

[[noreturn]] void RefuseToLend(const char* what);

// `given` is kept for a child as a `Kept`.
template <typename Kept, typename Given>
bool RefersToTheBody(const NurseryState& nursery, const Given& given) {
  if constexpr (kRefers<Kept>) {
    return nursery.IsInTheBody(ReferredTo<Kept>(given));
  }
  return false;
}

template <typename... Kept, typename... Given>
bool ReferToTheBody(std::type_identity<std::tuple<Kept...>>,
                    const NurseryState& nursery, const Given&... given) {
  return (RefersToTheBody<Kept>(nursery, given) || ...);
}

// Aborts, naming Nursery::`what`, if what is kept for a child of `nursery` from
// now on, f(args...), refers to something in a frame that may go before the
// child does.
template <typename F, typename... Args>
void CheckLentArguments(const NurseryState& nursery, const char* what,
                        const F& f, const Args&... args) {
  using Kept = std::type_identity<KeptArguments<F, Args...>>;
  if (RefersToTheBody<std::decay_t<F>>(nursery, f) ||
      ReferToTheBody(Kept(), nursery, args...)) [[unlikely]] {
    RefuseToLend(what);
  }
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_LENT_ARGUMENTS_H_
