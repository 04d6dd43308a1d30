// SPDX-License-Identifier: Apache-2.0
//
// NamedCallable: what Named() makes of a callable.

#ifndef CRECHE_CORE_INTERNAL_NAMED_CALLABLE_H_
#define CRECHE_CORE_INTERNAL_NAMED_CALLABLE_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/safe_closure.h"

namespace creche::internal {

template <typename F>
class NamedCallable {
 public:
  NamedCallable(absl::string_view name, F f) : name_(name), f_(std::move(f)) {}

  const std::string& name() const { return name_; }

  template <typename... Args>
  CRECHE_CORO_WRAPPER decltype(auto) operator()(Args&&... args) {
    return internal::Call(std::move(f_), std::forward<Args>(args)...);
  }

 private:
  std::string name_;
  F f_;
};

template <typename F>
inline constexpr bool kIsNamed = false;
template <typename F>
inline constexpr bool kIsNamed<NamedCallable<F>> = true;

// As safe as what it names: g++ 12 goes wrong with closures and aggregates.
template <typename F>
inline constexpr bool kIsSafeClosure<NamedCallable<F>> = kIsSafeClosure<F>;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_NAMED_CALLABLE_H_
