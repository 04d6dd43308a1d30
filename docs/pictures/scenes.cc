// SPDX-License-Identifier: Apache-2.0

#include "docs/pictures/scenes.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/cleanup.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/debug/trace_recorder.h"
#include "creche/run.h"
#include "creche/sync/channel.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"

namespace {

using absl::Seconds;
using creche::FailAfter;
using creche::MakeChannel;
using creche::MoveOnAfter;
using creche::Named;
using creche::Nursery;
using creche::Shield;
using creche::SleepFor;
using creche::Task;
using creche::TraceSpan;
using creche::WithCleanup;
using creche::WithNursery;

creche::TraceRecorder trace;

// Stands for any work that waits.
Task<> Work(std::string name, absl::Duration duration) {
  TraceSpan span(trace, name);
  co_await SleepFor(duration);
}

Task<> Timeouts() {
  const absl::Status quick =
      co_await FailAfter(Seconds(3), Work("quick", Seconds(1)));
  const absl::Status slow = co_await FailAfter(
      Seconds(3), Work("slow, would take an hour", absl::Hours(1)));
  if (creche::IsTimeout(slow)) co_await Work("goes on", Seconds(1));
}

Task<> Nested() {
  auto body = []() -> Task<> {
    TraceSpan span(trace, "in the outer scope: 5 s");
    co_await MoveOnAfter(Seconds(2), Work("inner: 2 s", Seconds(9)));
    co_await MoveOnAfter(Seconds(4), Work("inner: 4 s", Seconds(9)));
    co_await Work("is not reached", Seconds(1));
  };
  co_await MoveOnAfter(Seconds(5), body);
  co_await Work("goes on", Seconds(1));
}

Task<absl::Status> WorkAndFail() {
  co_await Work("fails after 2 s", Seconds(2));
  trace.Mark("an error");
  co_return absl::DataLossError("the disk is full");
}

Task<> Siblings() {
  auto inner = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("grandchild", Work), "waits", Seconds(9));
    co_await Work("waits, too", Seconds(9));
  };
  auto family = [&]() -> Task<absl::Status> {
    co_return co_await WithNursery(inner);
  };
  auto outer = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("quick", Work), "done in time", Seconds(1));
    nursery.StartSoon(Named("family", family));
    nursery.StartSoon(Named("fails", WorkAndFail));
    co_return;
  };
  const absl::Status status = co_await WithNursery(outer);
  if (absl::IsDataLoss(status)) co_await Work("goes on", Seconds(1));
}

Task<> ShieldedPart() {
  auto body = []() -> Task<> {
    TraceSpan span(trace, "in the scope");
    co_await Work("reads", Seconds(1));
    co_await Shield(Work("writes, shielded", Seconds(3)));
    co_await Work("reads", Seconds(1));
  };
  creche::CancelScope scope;
  auto cancel = [&]() -> Task<> {
    co_await SleepFor(Seconds(2));
    trace.Mark("scope.Cancel()");
    scope.Cancel("changed my mind");
  };
  auto children = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("canceller", cancel));
    co_await scope.Run(body);
    co_await Work("goes on", Seconds(1));
  };
  (void)co_await WithNursery(children);
}

Task<> Cleanups() {
  auto goodbye = []() -> Task<> { co_await Work("says goodbye", Seconds(1)); };
  auto polite = [&]() -> Task<> {
    co_await WithCleanup(Work("talks", Seconds(9)), goodbye, Seconds(2));
  };
  auto hang = []() -> Task<> {
    co_await Work("says goodbye, and hangs", Seconds(9));
  };
  auto stuck = [&]() -> Task<> {
    co_await WithCleanup(Work("talks", Seconds(9)), hang, Seconds(2));
  };
  auto children = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("polite", polite));
    nursery.StartSoon(Named("stuck", stuck));
    co_return;
  };
  auto both = [&]() -> Task<absl::Status> {
    co_return co_await WithNursery(children);
  };
  (void)co_await FailAfter(Seconds(3), both);
  co_await Work("goes on", Seconds(1));
}

Task<> Delivered() {
  auto [send, receive] = MakeChannel<int>(creche::kUnbounded);
  creche::CancelScope scope;
  auto reader = [&]() -> Task<> {
    for (;;) {
      TraceSpan span(trace, "Receive()");
      const std::optional<int> item = co_await receive.Receive();
      if (item.has_value()) span.Complete();
    }
  };
  auto writer = [&]() -> Task<> {
    co_await SleepFor(Seconds(2));
    trace.Mark("TrySend(), then Cancel()");
    (void)send.TrySend(1);
    scope.Cancel();
  };
  auto cancellable = [&]() -> Task<> { co_await scope.Run(reader); };
  auto children = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("reader", cancellable));
    nursery.StartSoon(Named("writer", writer));
    co_await SleepFor(Seconds(3));
  };
  (void)co_await WithNursery(children);
}

Task<> Nap(absl::Duration duration, int times) {
  for (int i = 0; i < times; ++i) co_await SleepFor(duration);
}

Task<> Sleeping() {
  auto children = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Named("a", Nap), absl::Milliseconds(300), 2);
    nursery.StartSoon(Named("b", Nap), absl::Milliseconds(100), 4);
    nursery.StartSoon(Named("c", Nap), absl::Hours(1), 1);
    co_await SleepFor(absl::Milliseconds(700));
    nursery.Cancel("no picture is an hour wide");
  };
  (void)co_await WithNursery(children);
}

DrawnScene Draw(std::string name, Task<> (*scene)()) {
  creche::MockClock clock;
  creche::FakePort port;
  const absl::Status status = creche::Run(
      {.clock = &clock, .port = &port, .instruments = {&trace}}, scene);
  return {std::move(name), status.ok() ? trace.Svg() : status.ToString()};
}

}  // namespace

std::vector<DrawnScene> DrawScenes() {
  return {
      Draw("timeouts", Timeouts), Draw("nested_deadlines", Nested),
      Draw("siblings", Siblings), Draw("shield", ShieldedPart),
      Draw("cleanup", Cleanups),  Draw("delivered", Delivered),
      Draw("sleeping", Sleeping),
  };
}
