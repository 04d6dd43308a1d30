// SPDX-License-Identifier: Apache-2.0
//
// Call: std::invoke() for what may return a Task; what it gives, and whether
// that can be awaited.

#ifndef CRECHE_CORE_INTERNAL_CALL_H_
#define CRECHE_CORE_INTERNAL_CALL_H_

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/kept_argument.h"
#include "creche/core/internal/promise.h"

namespace creche::internal {

// Calls `f`, which may be a pointer to a member function: of an object, or of
// what a pointer, a smart one too, points to. (std::invoke would not do: clang
// wants each function that returns a Task to be marked.)
template <typename F, typename... Args>
CRECHE_CORO_WRAPPER auto Call(F&& f, Args&&... args)
    -> decltype(std::forward<F>(f)(std::forward<Args>(args)...)) {
  return std::forward<F>(f)(std::forward<Args>(args)...);
}
template <typename F, typename... Args>
CRECHE_CORO_WRAPPER auto Call(std::reference_wrapper<F> f, Args&&... args)
    -> decltype(f.get()(std::forward<Args>(args)...)) {
  return f.get()(std::forward<Args>(args)...);
}
template <typename Function, typename Class, typename Object, typename... Args>
CRECHE_CORO_WRAPPER decltype(auto) Call(Function Class::* f, Object&& object,
                                        Args&&... args) {
  if constexpr (std::is_base_of_v<Class, std::remove_cvref_t<Object>>) {
    return (std::forward<Object>(object).*f)(std::forward<Args>(args)...);
  } else if constexpr (kIsReferenceWrapper<std::remove_cvref_t<Object>>) {
    return (object.get().*f)(std::forward<Args>(args)...);
  } else {
    return ((*std::forward<Object>(object)).*f)(std::forward<Args>(args)...);
  }
}

// Calls `f` with the elements of `args`, as they are or moved out.
template <typename F, typename Tuple, std::size_t... kIndex>
CRECHE_CORO_WRAPPER decltype(auto) CallWith(F&& f, Tuple&& args,
                                            std::index_sequence<kIndex...>) {
  return internal::Call(std::forward<F>(f),
                        std::get<kIndex>(std::forward<Tuple>(args))...);
}

template <typename F, typename... Args>
using CallResult = std::remove_cvref_t<decltype(internal::Call(
    std::declval<F>(), std::declval<Args>()...))>;

// Whether f(args...) is a Task, or another awaitable. (No concept: of one that
// is not satisfied, compilers say why, for pages.)
template <typename F, typename... Args>
inline constexpr bool kReturnsAwaitable = [] {
  if constexpr (std::is_invocable_v<F, Args...>) {
    return TaskAwaitable<CallResult<F, Args...>>;
  } else {
    return false;
  }
}();

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CALL_H_
