// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/trace_recorder.h"

#include <string>

#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/debug/utf8.h"

namespace creche {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

Task<> Sleep(absl::Duration duration) { co_await SleepFor(duration); }

void Record(TraceRecorder& trace) {
  FakePort port;
  MockClock clock;
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
  EXPECT_THAT(status, IsOk());
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
  EXPECT_THAT(svg, ContainsRegex("class=.life. x=.[0-9.]+. y=.[0-9]+. "
                                 "width=.350.0."));
  EXPECT_THAT(svg, HasSubstr(">4s</text>"));
}

// Three seconds for work that takes one, and for work that takes nine.
void RecordTimeouts(TraceRecorder& trace) {
  FakePort port;
  MockClock clock;
  auto work = [&](absl::Duration duration) -> Task<> {
    TraceSpan span(trace, "work");
    co_await SleepFor(duration);
  };
  auto status = creche::Run(
      {.clock = &clock, .port = &port, .instruments = {&trace}},
      [&]() -> Task<> {
        co_await MoveOnAfter(absl::Seconds(3), work(absl::Seconds(1)));
        trace.Mark("between");
        co_await MoveOnAfter(absl::Seconds(3), work(absl::Seconds(9)));
      });
  EXPECT_THAT(status, IsOk());
}

TEST(TraceRecorderTest, WritesSpansAndMarks) {
  TraceRecorder trace;
  RecordTimeouts(trace);

  const std::string json = trace.ChromeTrace();

  EXPECT_THAT(json, HasSubstr("\"ts\":0.000,\"dur\":1000000.000,"
                              "\"name\":\"work\""));
  EXPECT_THAT(json, HasSubstr("\"ts\":1000000.000,\"dur\":3000000.000,"
                              "\"name\":\"work\""));
  EXPECT_THAT(json, HasSubstr("\"ph\":\"i\",\"pid\":1,\"tid\":0,\"s\":\"g\","
                              "\"ts\":1000000.000,\"name\":\"between\""));
}

TEST(TraceRecorderTest, DrawsWhetherASpanWasCancelled) {
  TraceRecorder trace;
  RecordTimeouts(trace);

  const std::string svg = trace.Svg();

  // Four seconds are 700 pixels.
  EXPECT_THAT(svg, ContainsRegex("class=.span. x=.146.0. y=.[0-9]+. "
                                 "width=.175.0."));
  EXPECT_THAT(svg, ContainsRegex("class=.cancelled. x=.321.0. y=.[0-9]+. "
                                 "width=.525.0."));
  EXPECT_THAT(svg, ContainsRegex("class=.deadline. x1=.846.0."));
  EXPECT_THAT(svg, HasSubstr(">between</text>"));
}

TEST(TraceRecorderTest, BelievesASpanThatSaysItIsComplete) {
  TraceRecorder trace;
  FakePort port;
  MockClock clock;
  auto work = [&](CancelScope& scope) -> Task<> {
    TraceSpan span(trace, "work");
    scope.Cancel();
    span.Complete();
    co_return;
  };
  auto status =
      creche::Run({.clock = &clock, .port = &port, .instruments = {&trace}},
                  [&]() -> Task<> {
                    CancelScope scope;
                    co_await scope.Run(work(scope));
                  });

  EXPECT_THAT(status, IsOk());
  EXPECT_THAT(trace.Svg(), HasSubstr("class=\"span\""));
}

TEST(TraceRecorderTest, DrawsChildrenBelowTheirParents) {
  TraceRecorder trace;
  FakePort port;
  MockClock clock;
  auto grandchildren = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("grandchild", Sleep), absl::Seconds(1));
    co_return;
  };
  auto family = [&]() -> Task<absl::Status> {
    co_return co_await WithNursery(grandchildren);
  };
  auto children = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("family", family));
    nursery.StartSoon(Named("single", Sleep), absl::Seconds(1));
    co_return;
  };
  auto status =
      creche::Run({.clock = &clock, .port = &port, .instruments = {&trace}},
                  [&]() -> Task<absl::Status> {
                    co_return co_await WithNursery(children);
                  });

  EXPECT_THAT(status, IsOk());
  const std::string svg = trace.Svg();
  EXPECT_LT(svg.find(">family<"), svg.find(">grandchild<"));
  EXPECT_LT(svg.find(">grandchild<"), svg.find(">single<"));
}

// Both formats allow nothing else.
TEST(TraceRecorderTest, WritesUtf8WhateverANameIs) {
  TraceRecorder trace;
  FakePort port;
  MockClock clock;
  const std::string cut = "caf\xC3";
  EXPECT_THAT(
      creche::Run({.clock = &clock, .port = &port, .instruments = {&trace}},
                  [&]() -> Task<> {
                    auto body = [&](Nursery& nursery) -> Task<> {
                      nursery.StartSoon(Named(cut, Sleep), absl::Seconds(2));
                      nursery.StartSoon(Named("caf\xC3\xA9 \x01", Sleep),
                                        absl::Seconds(2));
                      const TraceSpan span(trace, "\xED\xA0\x80");
                      trace.Mark("\xFF");
                      co_return;
                    };
                    (void)co_await WithNursery(body);
                  }),
      IsOk());

  for (const std::string& text : {trace.ChromeTrace(), trace.Svg()}) {
    EXPECT_EQ(internal::ToUtf8(text), text);
    EXPECT_THAT(text, HasSubstr("caf\xEF\xBF\xBD"));
    EXPECT_THAT(text, HasSubstr("caf\xC3\xA9"));
    EXPECT_THAT(text, Not(HasSubstr("\x01")));
  }
}

}  // namespace
}  // namespace creche
