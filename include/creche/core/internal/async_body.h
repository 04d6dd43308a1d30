// SPDX-License-Identifier: Apache-2.0
//
// AsyncBody: what the library runs under a scope: a Task or another awaitable,
// or a callable that returns one.

#ifndef CRECHE_CORE_INTERNAL_ASYNC_BODY_H_
#define CRECHE_CORE_INTERNAL_ASYNC_BODY_H_

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/kept_argument.h"
#include "creche/core/task.h"

namespace creche::internal {

// The type of `co_await std::declval<Awaitable>()`.
template <typename Awaitable>
struct AwaitResultImpl {
  using Type = decltype(std::declval<Awaitable&>().await_resume());
};
template <typename T>
struct AwaitResultImpl<Task<T>> {
  using Type = T;
};
template <typename Awaitable>
using AwaitResult = typename AwaitResultImpl<Awaitable>::Type;

// Turns any awaitable into a Task.
template <typename T>
CRECHE_CORO_WRAPPER CRECHE_CORO_OWNS_ARGUMENTS Task<T> AsTask(Task<T>&& task) {
  return std::move(task);
}
template <typename Awaitable>
  requires(!kIsTask<Awaitable>)
CRECHE_CORO_OWNS_ARGUMENTS Task<AwaitResult<Awaitable>> AsTask(
    Awaitable awaitable) {
  co_return co_await std::move(awaitable);
}

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

// How a callable argument is kept until the operation has finished: rvalues are
// moved in, lvalues are copied, and only what cannot be copied is used in
// place.
template <typename F>
using KeptCallable = std::conditional_t<
    std::is_lvalue_reference_v<F> &&
        !std::is_copy_constructible_v<std::remove_cvref_t<F>>,
    F, std::remove_cvref_t<F>>;

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

// A callable without arguments.
template <typename F>
class AsyncBody {
 public:
  static_assert(std::is_invocable_v<F>,
                "creche: a body is a Task, another awaitable of creche, or a "
                "callable without arguments that returns one");
  using Awaitable = CallResult<F>;
  static_assert(TaskAwaitable<Awaitable>,
                "creche: the callable given as a body must return a Task or "
                "another awaitable of creche (is it a coroutine with the "
                "return type creche::Task<...>?)");
  using Result = AwaitResult<Awaitable>;

  explicit AsyncBody(F&& f) : f_(std::forward<F>(f)) {}

  CRECHE_CORO_WRAPPER Task<Result> MakeTask() {
    return AsTask(internal::Call(std::forward<F>(f_)));
  }

 private:
  KeptCallable<F> f_;
};

// An awaitable.
template <typename F>
  requires TaskAwaitable<std::remove_cvref_t<F>>
class AsyncBody<F> {
 public:
  static_assert(!std::is_lvalue_reference_v<F>,
                "creche: a Task is awaited once, as an rvalue: pass "
                "std::move(task)");
  using Awaitable = std::remove_cvref_t<F>;
  using Result = AwaitResult<Awaitable>;

  explicit AsyncBody(F&& awaitable) : awaitable_(std::move(awaitable)) {}

  CRECHE_CORO_WRAPPER Task<Result> MakeTask() {
    return AsTask(std::move(awaitable_));
  }
  Awaitable& awaitable() { return awaitable_; }

 private:
  Awaitable awaitable_;
};

template <typename F>
using BodyResult = typename AsyncBody<F>::Result;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_ASYNC_BODY_H_
