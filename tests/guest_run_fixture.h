// SPDX-License-Identifier: Apache-2.0
//
// GuestRunTest: tests of runs in a loop of poll(2), on each backend.

#ifndef CRECHE_TESTS_GUEST_RUN_FIXTURE_H_
#define CRECHE_TESTS_GUEST_RUN_FIXTURE_H_

#include <optional>
#include <string>
#include <utility>

#include "creche/core/backend.h"
#include "creche/guest_run.h"
#include "creche/run.h"
#include "creche/testing/features_to_test.h"
#include "gtest/gtest.h"
#include "tests/support/poll_loop.h"

namespace creche {

class GuestRunTest : public testing::TestWithParam<Backend> {
 protected:
  RunOptions Options() const {
    RunOptions options;
    options.backend = GetParam();
    options.uring_features = FeaturesToTest();
    return options;
  }

  // What `main` gives as a guest of a loop of its own.
  template <typename F>
  auto RunAsGuest(RunOptions options, F main) {
    using Result = typename GuestRun<F>::Result;
    PollLoop loop;
    std::optional<Result> result;
    bool is_done = false;
    GuestRun guest(std::move(options), loop, std::move(main), [&](Result got) {
      EXPECT_FALSE(is_done);
      is_done = true;
      result.emplace(std::move(got));
    });
    EXPECT_FALSE(is_done);  // Never from the constructor.
    loop.RunUntil(is_done);
    EXPECT_EQ(loop.watched(), 0U);
    return *std::move(result);
  }
};

inline std::string BackendName(const testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::kUring ? "Uring" : "Epoll";
}

}  // namespace creche

#endif  // CRECHE_TESTS_GUEST_RUN_FIXTURE_H_
