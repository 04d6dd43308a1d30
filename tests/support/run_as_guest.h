// SPDX-License-Identifier: Apache-2.0
//
// RunAsGuest: what creche::Run() is, in another event loop.

#ifndef CRECHE_TESTS_SUPPORT_RUN_AS_GUEST_H_
#define CRECHE_TESTS_SUPPORT_RUN_AS_GUEST_H_

#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/function.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
#include "creche/run.h"

namespace creche {

// Whether CRECHE_TEST_AS_GUEST is set. If so, says it once on stderr.
bool TestsAsGuest();

// A guest of a loop of poll(2), until its end. Kept out of the header: each
// type of main would cost seconds to compile.
absl::Status RunGuest(RunOptions options, Function<void()> main);

// The same, with what main() gives or throws.
template <typename F>
auto RunAsGuest(RunOptions options, F& main) {
  using Result = internal::AwaitResult<internal::CallResult<F&>>;
  std::optional<StatusOrOf<Result>> result;
  auto keep_result = [&]() -> Task<> {
    if constexpr (std::is_void_v<Result>) {
      co_await main();
      result.emplace();
    } else {
      result.emplace(co_await main());
    }
  };
  absl::Status status = RunGuest(std::move(options), keep_result);
  if (!result.has_value()) result.emplace(std::move(status));
  return *std::move(result);
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_RUN_AS_GUEST_H_
