// SPDX-License-Identifier: Apache-2.0
//
// StatusOrOf, Completed: how results are wrapped where something can end with
// an error or without a result.

#ifndef CRECHE_CORE_INTERNAL_STATUS_TRAITS_H_
#define CRECHE_CORE_INTERNAL_STATUS_TRAITS_H_

#include <optional>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace creche {
namespace internal {

template <typename T>
inline constexpr bool kIsStatusOr = false;
template <typename T>
inline constexpr bool kIsStatusOr<absl::StatusOr<T>> = true;

// True for the results that can carry an error.
template <typename T>
inline constexpr bool kIsStatusLike =
    std::is_same_v<T, absl::Status> || kIsStatusOr<T>;

template <typename R>
struct StatusOrOfImpl {
  using Type = absl::StatusOr<R>;
};
template <>
struct StatusOrOfImpl<void> {
  using Type = absl::Status;
};
template <>
struct StatusOrOfImpl<absl::Status> {
  using Type = absl::Status;
};
template <typename T>
struct StatusOrOfImpl<absl::StatusOr<T>> {
  using Type = absl::StatusOr<T>;
};

template <typename R>
struct CompletedImpl {
  using Type = std::optional<R>;
};
template <>
struct CompletedImpl<void> {
  using Type = bool;
};

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace internal

// The result of something that runs a body whose result is R:
//   void -> absl::Status, absl::Status -> absl::Status,
//   absl::StatusOr<T> -> absl::StatusOr<T>, other T -> absl::StatusOr<T>.
template <typename R>
using StatusOrOf = typename internal::StatusOrOfImpl<R>::Type;

// The result of a body that may have been cancelled instead:
//   void -> bool, other T -> std::optional<T>.
template <typename R>
using Completed = typename internal::CompletedImpl<R>::Type;

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_STATUS_TRAITS_H_
