// SPDX-License-Identifier: Apache-2.0
//
// What kind of result a type is, as far as errors are concerned.

#ifndef CRECHE_CORE_INTERNAL_STATUS_TRAITS_H_
#define CRECHE_CORE_INTERNAL_STATUS_TRAITS_H_

#include <optional>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace creche::internal {

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

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_STATUS_TRAITS_H_
