// SPDX-License-Identifier: Apache-2.0

#include "creche/net/resolve.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/localhost.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using Addresses = absl::StatusOr<std::vector<SocketAddress>>;
using std::string_literals::operator""s;

Addresses ResolveInRun(std::string host, std::string service) {
  auto main = [&]() -> Task<Addresses> {
    auto resolve = Resolve(host, service);
    co_return co_await std::move(resolve);
  };
  return RunToTest(main);
}

TEST(ResolveTest, TakesDigitsAsTheyAre) {
  EXPECT_EQ(ResolveInRun("127.0.0.1", "80").value().front().ToString(),
            "127.0.0.1:80");
  EXPECT_EQ(ResolveInRun("::1", "").value().front().ToString(), "[::1]:0");
}

TEST(ResolveTest, LooksNamesUp) {
  if (!KnowsLocalhost()) {
    GTEST_SKIP() << "this machine has no name for itself";
  }
  const Addresses addresses = ResolveInRun("localhost", "80");
  ASSERT_THAT(addresses, IsOk());
  EXPECT_EQ(addresses->front().port(), 80);
}

TEST(ResolveTest, SaysWhatIsWrong) {
  const struct {
    std::string host;
    std::string service;
    absl::StatusCode code;
  } cases[] = {
      {"", "80", absl::StatusCode::kInvalidArgument},
      {std::string(100'000, 'x'), "80", absl::StatusCode::kInvalidArgument},
      {"local\0host"s, "80", absl::StatusCode::kInvalidArgument},
      {"localhost", "65536", absl::StatusCode::kInvalidArgument},
      // getaddrinfo() takes these for 65535, and for 80.
      {"localhost", "-1", absl::StatusCode::kInvalidArgument},
      {"localhost", "4294967376", absl::StatusCode::kInvalidArgument},
      {"localhost", " 80", absl::StatusCode::kInvalidArgument},
      {"localhost", "+80", absl::StatusCode::kInvalidArgument},
      {"127.0.0.1", "80 ", absl::StatusCode::kNotFound},
      {"localhost", "no such service", absl::StatusCode::kNotFound},
  };
  for (const auto& c : cases) {
    const absl::Status status = ResolveInRun(c.host, c.service).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_LT(status.message().size(), 1000U);
  }
}

TEST(ResolveTest, ACancelledCallAbandonsItsThread) {
  for (int round = 0; round < 50; ++round) {
    auto main = [&]() -> Task<> {
      auto body = [&](Nursery& nursery) -> Task<> {
        auto resolve = []() -> Task<> {
          (co_await Resolve("localhost", "http")).status().IgnoreError();
        };
        for (int i = 0; i < 4; ++i) nursery.StartSoon(resolve);
        auto once = Resolve("localhost", "80");
        co_await MoveOnAfter(absl::Microseconds(round * 20), std::move(once));
        nursery.Cancel();
      };
      (co_await WithNursery(body)).IgnoreError();
    };
    EXPECT_THAT(RunToTest(main), IsOk());
  }
}

}  // namespace
}  // namespace creche
