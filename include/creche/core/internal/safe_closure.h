// SPDX-License-Identifier: Apache-2.0
//
// CRECHE_REQUIRE_SAFE_CLOSURE: no temporary closure that the compiler would
// destroy twice.

#ifndef CRECHE_CORE_INTERNAL_SAFE_CLOSURE_H_
#define CRECHE_CORE_INTERNAL_SAFE_CLOSURE_H_

#include <type_traits>

#include "creche/core/internal/promise.h"

namespace creche::internal {

// g++ before 13 destroys a temporary closure twice if it is written inside a
// co_await expression and its destructor does anything (GCC bugs 99576 and
// 100611), so there such closures do not compile.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
template <typename F>
inline constexpr bool kIsSafeClosure =
    std::is_lvalue_reference_v<F> ||
    std::is_trivially_destructible_v<std::remove_cvref_t<F>> ||
    TaskAwaitable<std::remove_cvref_t<F>>;
#else
template <typename F>
inline constexpr bool kIsSafeClosure = true;
#endif

#define CRECHE_REQUIRE_SAFE_CLOSURE(F)                                         \
  static_assert(::creche::internal::kIsSafeClosure<F>,                         \
                "creche: g++ 12 destroys a temporary closure inside co_await " \
                "twice if its captures have destructors; name the closure "    \
                "first (auto body = [...]...; co_await ...(body)), or pass "   \
                "arguments instead of captures")

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_SAFE_CLOSURE_H_
