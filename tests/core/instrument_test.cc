// SPDX-License-Identifier: Apache-2.0

#include "creche/core/instrument.h"

#include <string>

#include "absl/time/time.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

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
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(recorder.trace,
            "before-run spawned:main scheduled:main begins:main "
            "spawned:child scheduled:child ends:main "
            "begins:child scheduled:child ends:child "
            "begins:child exited:child scheduled:main "
            "begins:main exited:main after-run");
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
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(waits.begun, 1);
  EXPECT_EQ(waits.ended, 1);
}

}  // namespace
}  // namespace creche
