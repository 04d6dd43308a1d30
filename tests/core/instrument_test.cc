// SPDX-License-Identifier: Apache-2.0

#include "creche/core/instrument.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/timeouts.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using ::absl::StrCat;
using ::testing::ElementsAre;

// Writes down what it is told.
class Recorder : public Instrument {
 public:
  void BeforeRun() override { trace += "before-run "; }
  void AfterRun() override { trace += "after-run"; }
  void TaskSpawned(const TaskId& task) override { Add("spawned", task); }
  void TaskScheduled(const TaskId& task) override { Add("scheduled", task); }
  void StepBegins(const TaskId& task) override { Add("begins", task); }
  void StepEnds(const TaskId& task) override { Add("ends", task); }
  void TaskExited(const TaskId& task) override { Add("exited", task); }

  std::string trace;

 private:
  void Add(const char* what, const TaskId& task) {
    trace += std::string(what) + ":" + std::string(task.name()) + " ";
  }
};

TEST(InstrumentTest, SeesALifeInOrder) {
  FakePort port;
  Recorder recorder;
  auto status =
      creche::Run({.port = &port, .instruments = {&recorder}}, []() -> Task<> {
        auto child = []() -> Task<> { co_await Checkpoint(); };
        auto body = [&](Nursery& nursery) -> Task<> {
          nursery.StartSoon(Named("child", child));
          co_return;
        };
        (void)co_await WithNursery(body);
      });
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(recorder.trace,
            "before-run spawned:main scheduled:main begins:main "
            "spawned:child scheduled:child ends:main "
            "begins:child scheduled:child ends:child "
            "begins:child exited:child scheduled:main "
            "begins:main exited:main after-run");
}

// Writes down what becomes of scopes, each with its number and its line here.
class ScopeRecorder : public Instrument {
 public:
  void ScopeEntered(const ScopeId& scope, const TaskId& task) override {
    Add("entered", scope, task.name());
  }
  void ScopeCancelled(const ScopeId& scope) override {
    Add("cancelled", scope, scope.reason());
  }
  void ScopeExited(const ScopeId& scope, const TaskId& task) override {
    Add("exited", scope, task.name());
    numbers_.erase(scope.id());
  }

  std::vector<std::string> trace;

 private:
  void Add(absl::string_view what, const ScopeId& scope,
           absl::string_view whom) {
    const auto [known, is_new] = numbers_.try_emplace(scope.id(), next_);
    if (is_new) ++next_;
    trace.push_back(absl::StrCat(what, " ", known->second, " ", whom, ":",
                                 scope.place().line()));
  }

  int next_ = 1;
  std::map<const void*, int> numbers_;
};

template <typename Main>
std::vector<std::string> ScopesOf(const Main& main) {
  FakePort port;
  MockClock clock;
  ScopeRecorder scopes;
  EXPECT_THAT(
      creche::Run({.clock = &clock, .port = &port, .instruments = {&scopes}},
                  main),
      IsOk());
  return scopes.trace;
}

TEST(InstrumentTest, SeesAScopeThatIsLeftWithAResult) {
  int line = 0;
  const auto main = [&]() -> Task<> {
    line = __LINE__ + 1;
    (void)co_await MoveOnAfter(absl::Seconds(1), Checkpoint());
  };
  const std::vector<std::string> trace = ScopesOf(main);
  EXPECT_THAT(trace, ElementsAre(StrCat("entered 1 main:", line),
                                 StrCat("exited 1 main:", line)));
}

TEST(InstrumentTest, SeesADeadlineThatPasses) {
  int line = 0;
  const auto main = [&]() -> Task<> {
    line = __LINE__ + 1;
    (void)co_await MoveOnAfter(absl::Seconds(1), SleepForever());
  };
  const std::vector<std::string> trace = ScopesOf(main);
  EXPECT_THAT(trace, ElementsAre(StrCat("entered 1 main:", line),
                                 "cancelled 1 deadline:0", "exited 1 main:0"));
}

// Only the scope that is cancelled itself: not those inside.
TEST(InstrumentTest, SeesWhoCancelsAndWhere) {
  int enters = 0;
  int enters_inner = 0;
  int cancels = 0;
  const auto main = [&]() -> Task<> {
    auto inner = [&]() -> Task<> {
      enters_inner = __LINE__ + 1;
      (void)co_await MoveOnAfter(absl::Seconds(1), SleepForever());
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(Named("child", inner));
      for (int i = 0; i < 3; ++i) {
        cancels = __LINE__ + 1;
        co_await Checkpoint();
      }
      nursery.Cancel("enough");
    };
    enters = __LINE__ + 1;
    (void)co_await WithNursery(body);
  };
  const std::vector<std::string> trace = ScopesOf(main);
  EXPECT_THAT(trace, ElementsAre(StrCat("entered 1 main:", enters),
                                 StrCat("entered 2 child:", enters_inner),
                                 StrCat("cancelled 1 enough:", cancels),
                                 "exited 2 child:0", "exited 1 main:0"));
}

struct CancelsAtItsEnd {
  ~CancelsAtItsEnd() { nursery.Cancel("enough"); }
  Nursery& nursery;
};

Task<int> CancelInADestructor(Nursery& nursery) {
  const CancelsAtItsEnd cancels{nursery};
  co_await CheckpointIfCancelled();
  co_return 1;
}

// Where a coroutine was is forgotten when it has a result: then where it was
// called is the place.
TEST(InstrumentTest, SeesWhereACoroutineWasCalledThatCancelsAtItsEnd) {
  int enters = 0;
  int calls = 0;
  const auto main = [&]() -> Task<> {
    auto body = [&](Nursery& nursery) -> Task<> {
      calls = __LINE__ + 1;
      co_await CancelInADestructor(nursery);
    };
    enters = __LINE__ + 1;
    (void)co_await WithNursery(body);
  };
  const std::vector<std::string> trace = ScopesOf(main);
  EXPECT_THAT(trace, ElementsAre(StrCat("entered 1 main:", enters),
                                 StrCat("cancelled 1 enough:", calls),
                                 "exited 1 main:0"));
}

class WaitRecorder : public Instrument {
 public:
  void BeforeIoWait(absl::Duration) override { ++begun; }
  void AfterIoWait() override { ++ended; }
  int begun = 0;
  int ended = 0;
};

// Jumps, but not before the run has waited for a moment.
class PatientClock : public MockClock {
 public:
  absl::Duration WaitFor(absl::Time, bool) override {
    return absl::Microseconds(1);
  }
};

TEST(InstrumentTest, SeesWaits) {
  FakePort port;
  PatientClock clock;
  WaitRecorder waits;
  auto status =
      creche::Run({.clock = &clock, .port = &port, .instruments = {&waits}},
                  []() -> Task<> { co_await SleepFor(absl::Seconds(1)); });
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(waits.begun, 1);
  EXPECT_EQ(waits.ended, 1);
}

}  // namespace
}  // namespace creche
