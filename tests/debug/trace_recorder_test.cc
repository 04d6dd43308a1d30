// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/trace_recorder.h"

#include <string>

#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Task<> Sleep(absl::Duration duration) { co_await SleepFor(duration); }

void Record(TraceRecorder& trace) {
  testing::FakePort port;
  testing::MockClock clock;
  auto status =
      creche::Run({.clock = &clock, .port = &port, .instruments = {&trace}},
                  []() -> Task<> {
                    auto body = [](Nursery& nursery) -> Task<> {
                      nursery.StartSoon(Named("a \"quoted\" <name>", Sleep),
                                        absl::Seconds(2));
                      co_await SleepFor(absl::Seconds(4));
                    };
                    (void)co_await WithNursery(body);
                  });
  EXPECT_TRUE(status.ok());
}

TEST(TraceRecorderTest, WritesLivesAndStepsInVirtualTime) {
  TraceRecorder trace;
  Record(trace);

  const std::string json = trace.ChromeTrace();

  EXPECT_THAT(json, HasSubstr("\"args\":{\"name\":\"main\"}"));
  EXPECT_THAT(json, HasSubstr("\"ts\":0.000,\"dur\":4000000.000,"
                              "\"name\":\"main\""));
  EXPECT_THAT(json, HasSubstr("\"ts\":0.000,\"dur\":2000000.000,"
                              "\"name\":\"a \\\"quoted\\\" <name>\""));
  EXPECT_THAT(json, HasSubstr("\"ts\":2000000.000,\"dur\":0.000,"
                              "\"name\":\"step\""));
  EXPECT_THAT(json, Not(HasSubstr(",\n]")));
}

TEST(TraceRecorderTest, DrawsARowForEachTask) {
  TraceRecorder trace;
  Record(trace);

  const std::string svg = trace.Svg();

  EXPECT_THAT(svg, HasSubstr(">main</text>"));
  EXPECT_THAT(svg, HasSubstr(">a &quot;quoted&quot; &lt;name&gt;</text>"));
  // Half of the time, so half of the width.
  EXPECT_THAT(svg, HasSubstr("<rect x=\"160.0\" y=\"29\" width=\"400.0\""));
  EXPECT_THAT(svg, HasSubstr(">4s</text>"));
}

}  // namespace
}  // namespace creche
