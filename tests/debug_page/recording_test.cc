// SPDX-License-Identifier: Apache-2.0
//
// What the debug page records of two seconds.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/debug_page/debug_page_client.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RecordingTest, RecordsTwoSeconds) {
  const std::string picture = AnswerTo({Get("/timeline.svg")});
  EXPECT_THAT(picture, HasSubstr("Content-Type: image/svg+xml"));
  EXPECT_THAT(picture, HasSubstr("<svg "));
  EXPECT_THAT(picture, HasSubstr("ticker"));
  const std::string trace = AnswerTo({Get("/trace.json")});
  EXPECT_THAT(trace, HasSubstr("{\"traceEvents\":["));
  // Two seconds of a task that was there before.
  EXPECT_THAT(
      trace, HasSubstr("\"ts\":0.000,\"dur\":2000000.000,\"name\":\"ticker\""));
}

TEST(RecordingTest, OneRecordsAtATime) {
  auto talk = [](std::uint16_t port) -> Task<absl::Status> {
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      auto gone = [port]() -> Task<absl::Status> {
        auto asking =
            MoveOnAfter(absl::Seconds(1), Ask(port, Get("/trace.json")));
        EXPECT_FALSE((co_await std::move(asking)).has_value());
        co_return absl::OkStatus();
      };
      nursery.StartSoon(gone);
      co_await SleepFor(absl::Milliseconds(500));
      auto asking = Ask(port, Get("/timeline.svg"));
      EXPECT_THAT(co_await Try(std::move(asking)),
                  StartsWith("HTTP/1.1 503 Service Unavailable"));
      co_await SleepFor(absl::Seconds(2));
      auto again = Ask(port, Get("/timeline.svg"));
      EXPECT_THAT(co_await Try(std::move(again)), StartsWith("HTTP/1.1 200"));
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunWith(talk), IsOk());
}

TEST(RecordingTest, ARecordingOfABusyRunIsBounded) {
  auto work = []() -> Task<> {
    const absl::Time end = Now() + absl::Seconds(2);
    while (Now() < end) co_await SleepFor(absl::Microseconds(40));
  };
  const std::string trace = AnswerBeside(
      [&](Nursery& nursery) { nursery.StartSoon(work); }, Get("/trace.json"));
  EXPECT_THAT(trace, AllOf(StartsWith("HTTP/1.1 200"), EndsWith("]}\n")));
  EXPECT_GT(trace.size(), size_t{1} << 20);
  EXPECT_LT(trace.size(), size_t{2} << 20);
}

TEST(RecordingTest, ARecordingOfManyTasksIsBounded) {
  auto spawn = [](Nursery& nursery) -> Task<> {
    const absl::Time end = Now() + absl::Seconds(2);
    for (; Now() < end; co_await SleepFor(absl::Microseconds(500))) {
      nursery.StartSoon([]() -> Task<> { co_return; });
    }
  };
  const std::string trace = AnswerBeside(
      [&](Nursery& nursery) { nursery.StartSoon(spawn, std::ref(nursery)); },
      Get("/trace.json"));
  const std::vector<absl::string_view> tasks =
      absl::StrSplit(trace, "\"thread_name\"");
  EXPECT_EQ(tasks.size() - 1, 2000u);
  // The others are still seen.
  EXPECT_THAT(
      trace, HasSubstr("\"ts\":0.000,\"dur\":2000000.000,\"name\":\"ticker\""));
}

}  // namespace
}  // namespace creche
