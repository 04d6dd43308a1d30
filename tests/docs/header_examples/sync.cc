// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/sync/, compiled.

#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace {

// barrier.h

struct Grid {
  void Compute(int /*part*/) {}
  void Swap() {}
};

creche::Task<> Simulate(creche::Barrier& step_done, Grid& grid, int part) {
  for (;;) {
    grid.Compute(part);
    // The last one to come does what is to be done once for each step.
    if (co_await step_done.Wait()) grid.Swap();
    co_await step_done.Wait();
  }
}

[[maybe_unused]] creche::Task<> BarrierExample(creche::Barrier& step_done,
                                               Grid& grid) {
  co_await Simulate(step_done, grid, 0);
}

// broadcast.h

struct Tick {};
void Log(const absl::Status& /*status*/) {}
void Write(Tick /*tick*/) {}
creche::Task<absl::Status> Record(creche::Subscription<Tick> ticks);

[[maybe_unused]] void BroadcastExample(creche::Nursery& nursery, Tick tick) {
  creche::Broadcast<Tick> ticks(100);
  nursery.StartSoon(Record, ticks.Subscribe());
  ticks.Send(tick).IgnoreError();  // Never waits.
}

creche::Task<absl::Status> Record(creche::Subscription<Tick> ticks) {
  for (;;) {
    absl::StatusOr<Tick> tick = co_await ticks.Receive();
    if (creche::IsEndOfStream(tick.status())) co_return absl::OkStatus();
    if (tick.ok()) {
      Write(*tick);
    } else {
      Log(tick.status());  // Missed some.
    }
  }
}

// capacity_limiter.h

struct Database {};
creche::Task<> Query(Database& /*database*/) { co_return; }

[[maybe_unused]] creche::Task<> CapacityLimiterExample(Database& database) {
  creche::CapacityLimiter limiter(20);

  creche::CapacityToken token = co_await limiter.Acquire();
  co_await Query(database);
  // `token` goes back, also if this task is cancelled.
}

// channel.h

struct Job {};
creche::Task<> Produce(creche::Sender<Job> /*send*/) { co_return; }
void Work(Job /*job*/) {}

[[maybe_unused]] creche::Task<> ChannelExample(creche::Nursery& nursery) {
  auto [send, receive] = creche::MakeChannel<Job>(10);
  nursery.StartSoon(Produce, std::move(send));

  while (std::optional<Job> job = co_await receive.Receive()) Work(*job);
  // Here every sender has been closed, and nothing is left.
}

// condition.h

[[maybe_unused]] creche::Task<> ConditionExample(std::deque<Job>& queue) {
  creche::Lock lock;
  creche::Condition not_empty(lock);

  creche::LockGuard guard = co_await lock.Acquire();
  while (queue.empty()) co_await not_empty.Wait(guard);
  // The lock is held: take from the queue.
}

// event.h

creche::Task<> Serve(creche::Event& ready) {
  ready.Set();
  co_return;
}

[[maybe_unused]] creche::Task<> EventExample(creche::Nursery& nursery) {
  creche::Event ready;
  nursery.StartSoon(Serve, std::ref(ready));
  co_await ready.Wait();
}

// lock.h

[[maybe_unused]] creche::Task<absl::Status> LockExample(
    creche::TcpStream& connection, absl::string_view request,
    absl::Span<char> reply) {
  creche::Lock lock;

  creche::LockGuard guard = co_await lock.Acquire();
  co_await creche::Try(connection.SendAll(request));
  co_await creche::Try(connection.ReceiveExactly(reply));
  // `guard` releases the lock, also if this task is cancelled.
  co_return absl::OkStatus();
}

// select.h

creche::Task<> Work(std::optional<Job> /*job*/) { co_return; }
creche::Task<> Ping() { co_return; }

[[maybe_unused]] creche::Task<> SelectExample(creche::Receiver<Job>& jobs,
                                              creche::Event& stop) {
  auto first = co_await creche::Select(jobs.Receive(), stop.Wait(),
                                       creche::SleepFor(absl::Seconds(5)));
  switch (first.index()) {
    case 0:
      co_await Work(std::get<0>(first));  // A std::optional<Job>.
      break;
    case 1:
      co_return;
    case 2:
      co_await Ping();
      break;
  }
}

// semaphore.h

creche::Task<> Fetch(absl::string_view /*url*/) { co_return; }

[[maybe_unused]] creche::Task<> SemaphoreExample(absl::string_view url) {
  creche::Semaphore connections(10);

  creche::Permit permit = co_await connections.Acquire();
  co_await Fetch(url);
  // `permit` goes back, also if this task is cancelled.
}

// watch.h

enum class State { kStarting, kReady };
void Show(State /*state*/) {}

[[maybe_unused]] creche::Task<> WatchExample() {
  creche::Watch<State> state(State::kStarting);

  co_await state.WaitUntil([](State s) { return s == State::kReady; });

  creche::WatchReader<State> reader(state);
  for (;;) Show(co_await reader.Next());  // Always the latest.
}

// one_shot.h

creche::Task<> Compute(creche::OneShot<int>::Setter setter) {
  setter.Set(42);
  co_return;
}

[[maybe_unused]] creche::Task<absl::Status> OneShotExample(
    creche::Nursery& nursery) {
  creche::OneShot<int> answer;
  nursery.StartSoon(Compute, answer.TakeSetter());
  int value = co_await creche::Try(answer.Get());
  static_cast<void>(value);
  co_return absl::OkStatus();
}

}  // namespace
