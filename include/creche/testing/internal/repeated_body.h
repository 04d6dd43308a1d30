// SPDX-License-Identifier: Apache-2.0
//
// RepeatedBody: the body of CancelEverywhere() and FailEverywhere(), which run
// it again and again.

#ifndef CRECHE_TESTING_INTERNAL_REPEATED_BODY_H_
#define CRECHE_TESTING_INTERNAL_REPEATED_BODY_H_

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/task.h"

namespace creche::internal {

class RepeatedBody {
 public:
  virtual ~RepeatedBody() = default;
  virtual Task<absl::Status> Start() = 0;
};

// A result that is neither a Status nor a StatusOr counts as success.
template <typename F>
class RepeatedCallable final : public RepeatedBody {
  static_assert(!TaskAwaitable<std::remove_cvref_t<F>>,
                "creche: the body is run many times, so it must be a callable "
                "that returns a Task, not a Task");
  using Result = BodyResult<F&>;

 public:
  explicit RepeatedCallable(F& f) : f_(f) {}

  Task<absl::Status> Start() override {
    if constexpr (std::is_void_v<Result>) {
      co_await internal::Call(f_);
      co_return absl::OkStatus();
    } else {
      [[maybe_unused]] const Result result = co_await internal::Call(f_);
      if constexpr (kIsStatusLike<Result>) {
        co_return StatusOf(result);
      } else {
        co_return absl::OkStatus();
      }
    }
  }

 private:
  F& f_;
};

// A check may take the number of the point, or nothing.
template <typename Check>
std::function<void(std::size_t)> AsCheck(Check& check) {
  if constexpr (std::is_invocable_v<Check&, std::size_t>) {
    return [&check](std::size_t k) { check(k); };
  } else {
    static_assert(std::is_invocable_v<Check&>,
                  "creche: the check is called with the number of the point, "
                  "or with nothing");
    return [&check](std::size_t) { check(); };
  }
}

struct NoCheck {
  void operator()() const {}
};

}  // namespace creche::internal

#endif  // CRECHE_TESTING_INTERNAL_REPEATED_BODY_H_
