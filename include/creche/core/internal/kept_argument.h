// SPDX-License-Identifier: Apache-2.0
//
// KeptArguments: as what a task keeps the arguments of the callable it runs.
//
// Copies, and that would be all if a parameter that is a reference could not
// bind to a temporary:
//
//   Task<> Greet(const std::string& name);
//   nursery.StartSoon(Greet, "world");
//
// A std::string made of "world" for the call of Greet() would be gone when
// Greet() first waits. So what is kept is what the reference will refer to,
// here a std::string.

#ifndef CRECHE_CORE_INTERNAL_KEPT_ARGUMENT_H_
#define CRECHE_CORE_INTERNAL_KEPT_ARGUMENT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace creche::internal {

template <typename F>
class NamedCallable;

template <typename... Types>
struct TypeList {};

// The parameters of a function; of a member function the object is the first.
template <typename R, typename... P>
TypeList<P...> ParametersOf(R (*)(P...));
template <typename R, typename C, typename... P>
TypeList<C *, P...> ParametersOf(R (C::*)(P...));
template <typename R, typename C, typename... P>
TypeList<C *, P...> ParametersOf(R (C::*)(P...) const);
template <typename R, typename C, typename... P>
TypeList<C *, P...> ParametersOf(R (C::*)(P...) &);
template <typename R, typename C, typename... P>
TypeList<C *, P...> ParametersOf(R (C::*)(P...) const &);
template <typename R, typename C, typename... P>
TypeList<C *, P...> ParametersOf(R (C::*)(P...) &&);
template <typename R, typename C, typename... P>
TypeList<C *, P...> ParametersOf(R (C::*)(P...) const &&);
// A generic or overloaded callable has none that could be told.
TypeList<> ParametersOf(...);

template <std::size_t kIndex, typename List>
struct Element {
  using Type = void;
};
template <typename First, typename... Rest>
struct Element<0, TypeList<First, Rest...>> {
  using Type = First;
};
template <std::size_t kIndex, typename First, typename... Rest>
  requires(kIndex > 0)
struct Element<kIndex, TypeList<First, Rest...>>
    : Element<kIndex - 1, TypeList<Rest...>> {};

// The parameter that the `kIndex`-th argument of an F is for, or void.
template <typename F, std::size_t kIndex>
struct ParameterImpl
    : Element<kIndex, decltype(internal::ParametersOf(std::declval<F>()))> {};
template <typename F, std::size_t kIndex>
  requires requires { &F::operator(); }
struct ParameterImpl<F, kIndex>
    : Element<kIndex + 1, decltype(internal::ParametersOf(&F::operator()))> {};
template <typename F, std::size_t kIndex>
struct ParameterImpl<std::reference_wrapper<F>, kIndex>
    : ParameterImpl<F, kIndex> {};
template <typename F, std::size_t kIndex>
struct ParameterImpl<NamedCallable<F>, kIndex> : ParameterImpl<F, kIndex> {};
template <typename F, std::size_t kIndex>
using Parameter = typename ParameterImpl<F, kIndex>::Type;

template <typename T>
inline constexpr bool kIsReferenceWrapper = false;
template <typename T>
inline constexpr bool kIsReferenceWrapper<std::reference_wrapper<T>> = true;

// Whether a T refers to an object that somebody else keeps.
template <typename T>
inline constexpr bool kRefers =
    std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>;
template <typename T>
inline constexpr bool kRefers<std::reference_wrapper<T>> =
    !std::is_function_v<T>;
template <typename C, typename Traits>
inline constexpr bool kRefers<std::basic_string_view<C, Traits>> = true;
template <>
inline constexpr bool kRefers<absl::string_view> = true;
template <typename T, std::size_t kExtent>
inline constexpr bool kRefers<std::span<T, kExtent>> = true;
template <typename T>
inline constexpr bool kRefers<absl::Span<T>> = true;

// The address of the object that a T refers to which is made of `given`.
template <typename T, typename Given>
  requires kRefers<T>
const volatile void *ReferredTo(const Given &given) {
  if constexpr (kIsReferenceWrapper<Given>) {
    return std::addressof(given.get());
  } else if constexpr (kIsReferenceWrapper<T>) {
    return std::addressof(given);
  } else if constexpr (std::is_pointer_v<T>) {
    return given;
  } else {
    const T &view = given;
    return view.data();
  }
}

// Whether a reference `P` that is initialized with a `Given` refers to a
// temporary. (std::reference_converts_from_temporary is younger than g++ 12.)
template <typename P, typename Given>
concept BindsTemporary =
    std::is_reference_v<P> &&
    !std::is_base_of_v<std::remove_cvref_t<P>, std::remove_cvref_t<Given>> &&
    !std::is_same_v<std::remove_cvref_t<P>, std::remove_cvref_t<Given>> &&
    !kIsReferenceWrapper<std::remove_cvref_t<Given>> &&
    !std::is_convertible_v<Given, std::remove_cvref_t<P> &> &&
    std::is_convertible_v<Given, std::remove_cvref_t<P>>;

template <typename P, typename Given, typename Otherwise>
struct KeptArgumentImpl {
  using Type = Otherwise;
};
template <typename P, typename Given, typename Otherwise>
  requires BindsTemporary<P, Given>
struct KeptArgumentImpl<P, Given, Otherwise> {
  using Type = std::remove_cvref_t<P>;
};

template <typename F, typename Indices, typename... Args>
struct KeptArgumentsImpl;
template <typename F, std::size_t... kIndex, typename... Args>
struct KeptArgumentsImpl<F, std::index_sequence<kIndex...>, Args...> {
  using Copied = std::tuple<typename KeptArgumentImpl<
      Parameter<F, kIndex>, std::decay_t<Args>, std::decay_t<Args>>::Type...>;
  using Borrowed = std::tuple<
      typename KeptArgumentImpl<Parameter<F, kIndex>, Args, Args &&>::Type...>;
};

// As what arguments for an F are kept.
template <typename F, typename... Args>
using KeptArguments = typename KeptArgumentsImpl<
    std::decay_t<F>, std::index_sequence_for<Args...>, Args...>::Copied;

// The same where the caller waits, so that what it has need not be copied.
template <typename F, typename... Args>
using BorrowedArguments = typename KeptArgumentsImpl<
    std::decay_t<F>, std::index_sequence_for<Args...>, Args...>::Borrowed;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_KEPT_ARGUMENT_H_
