// SPDX-License-Identifier: Apache-2.0
//
// EndCoroutine: how CO_ASSERT_... leaves a coroutine.

#ifndef CRECHE_TESTING_INTERNAL_END_COROUTINE_H_
#define CRECHE_TESTING_INTERNAL_END_COROUTINE_H_

#include <coroutine>
#include <type_traits>

#include "absl/status/status.h"
#include "creche/core/internal/status_traits.h"
#include "gtest/gtest.h"

namespace creche::internal {

// co_await of this ends the coroutine.
class EndCoroutine {
 public:
  using CrecheAwaitable = void;

  EndCoroutine() {}  // NOLINT: an aggregate would be destroyed twice.

  bool await_ready() const { return false; }

  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) const {
    using Result = typename P::Value;
    P& promise = handle.promise();
    if constexpr (std::is_void_v<Result>) {
      promise.return_void();
    } else if constexpr (kIsStatusLike<Result>) {
      promise.return_value(Result(absl::InternalError("an assertion failed")));
    } else {
      static_assert(std::is_default_constructible_v<Result>,
                    "creche: CO_ASSERT ends the coroutine, so its result must "
                    "be void, a Status or StatusOr, or default-constructible");
      promise.return_value(Result());
    }
    promise.Complete();
  }

  void await_resume() const {}
};

// Shows the Status only: what GoogleTest prints of a StatusOr is its bytes.
template <typename Result>
::testing::AssertionResult CheckIsOk(const char* text, const Result& result) {
  if (result.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "Value of: " << text
         << "\nExpected: is OK\n  Actual: " << StatusOf(result);
}

}  // namespace creche::internal

#endif  // CRECHE_TESTING_INTERNAL_END_COROUTINE_H_
