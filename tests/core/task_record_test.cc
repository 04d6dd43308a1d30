// SPDX-License-Identifier: Apache-2.0
//
// The states of a task, and the steps that lead from one to another.

#include "creche/core/internal/task_record.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/internal/running.h"
#include "creche/core/nursery.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche::internal {
namespace {

using State = TaskRecord::State;

// A child that waits in a scope of its own, until the test ends its wait.
class TaskRecordTest : public ::testing::Test {
 protected:
  // Runs `test` as the body of a nursery when the child waits.
  template <typename Test>
  void WhileItWaits(Abort answer, Test test) {
    const absl::Status status =
        RunNurseryInOrder([&](Nursery& nursery) -> Task<> {
          nursery.StartSoon([&]() -> Task<> {
            task_ = running.task;
            EXPECT_EQ(task_->state(), State::kRunning);
            auto wait = [&]() -> Task<> {
              co_await Suspend([](Waker) {}, [&] { return ++aborts_, answer; });
            };
            completed_ = co_await scope_.Run(wait);
            ended_ = true;
          });
          co_await Checkpoint();
          test();
          co_await Checkpoint();
          EXPECT_TRUE(ended_);
        });
    EXPECT_THAT(status, IsOk());
  }

  TaskRecord* task_ = nullptr;
  CancelScope scope_;
  int aborts_ = 0;
  bool completed_ = false;
  bool ended_ = false;
};

TEST_F(TaskRecordTest, WaitsUntilItIsWoken) {
  WhileItWaits(Abort::kDone, [&] {
    EXPECT_EQ(task_->state(), State::kWaiting);
    EXPECT_TRUE(task_->is_waiting());
    EXPECT_TRUE(task_->is_at_cancel_point());
    EXPECT_STREQ(task_->waits_for(), "Suspend");
    task_->Wake();
    EXPECT_EQ(task_->state(), State::kRunnable);
    EXPECT_FALSE(task_->is_at_cancel_point());
  });
  EXPECT_TRUE(completed_);
  EXPECT_EQ(aborts_, 0);
}

TEST_F(TaskRecordTest, IsUnwoundWhenTheAbortIsDone) {
  WhileItWaits(Abort::kDone, [&] {
    scope_.Cancel();
    EXPECT_EQ(task_->state(), State::kRunnable);
    EXPECT_EQ(aborts_, 1);
  });
  EXPECT_FALSE(completed_);
}

TEST_F(TaskRecordTest, GoesOnIfItCompletesAfterAPendingAbort) {
  WhileItWaits(Abort::kPending, [&] {
    scope_.Cancel();
    EXPECT_EQ(task_->state(), State::kAborting);
    EXPECT_TRUE(task_->is_waiting());
    EXPECT_FALSE(task_->is_at_cancel_point());
    task_->RequestAbort();  // Has been done.
    EXPECT_EQ(aborts_, 1);
    task_->Wake();
  });
  EXPECT_TRUE(completed_);
}

TEST_F(TaskRecordTest, IsUnwoundIfAPendingAbortSucceeds) {
  WhileItWaits(Abort::kPending, [&] {
    scope_.Cancel();
    task_->WakeAborted();
    EXPECT_EQ(task_->state(), State::kRunnable);
  });
  EXPECT_FALSE(completed_);
}

TEST_F(TaskRecordTest, IsNotAbortedOnceItWasWoken) {
  WhileItWaits(Abort::kDone, [&] {
    task_->Wake();
    scope_.Cancel();
  });
  EXPECT_TRUE(completed_);
  EXPECT_EQ(aborts_, 0);
}

// Asked when its turn comes: goes on at once, or waits again and is woken.
TEST_F(TaskRecordTest, GoesOnWhenWhoIsAskedSaysSo) {
  class Answer {
   public:
    using CrecheAwaitable = void;

    explicit Answer(int refusals) : refusals_(refusals) {}
    bool await_ready() const { return false; }
    bool SuspendIn(Frame leaf) {
      running.task->Wait(leaf, *this);
      return true;
    }
    void await_resume() const {}

    const char* wait_name() const { return "an answer"; }
    Abort OnCancel() { return Abort::kDone; }
    bool MayResume() {
      TaskRecord& task = *running.task;
      EXPECT_EQ(task.state(), State::kRunning);
      ++asked;
      if (asked > refusals_) return true;
      task.Wait(task.leaf(), *this);
      task.WakeToCheck();
      return false;
    }
    int asked = 0;

   private:
    const int refusals_;
  };
  for (const int refusals : {0, 1, 5}) {
    Answer answer(refusals);
    const absl::Status status =
        RunNurseryInOrder([&](Nursery& nursery) -> Task<> {
          TaskRecord* task = nullptr;
          nursery.StartSoon([&]() -> Task<> {
            task = running.task;
            co_await answer;
          });
          co_await Checkpoint();
          EXPECT_STREQ(task->waits_for(), "an answer");
          task->WakeToCheck();
          EXPECT_STREQ(task->waits_for(), "its turn");
          EXPECT_EQ(answer.asked, 0);  // Not before its turn.
          EXPECT_TRUE(task->is_at_cancel_point());
        });
    EXPECT_THAT(status, IsOk());
    EXPECT_EQ(answer.asked, refusals + 1);
  }
}

using TaskRecordDeathTest = TaskRecordTest;

TEST_F(TaskRecordDeathTest, IsWokenOnce) {
  EXPECT_DEATH(WhileItWaits(Abort::kDone,
                            [&] {
                              task_->Wake();
                              task_->Wake();
                            }),
               "woken that does not wait");
}

TEST_F(TaskRecordDeathTest, IsAbortedOnlyAfterAPendingAbort) {
  EXPECT_DEATH(WhileItWaits(Abort::kDone, [&] { task_->WakeAborted(); }),
               "has not answered Abort::kPending");
}

TEST_F(TaskRecordDeathTest, IsNotWokenByAnAbortThatSaysDone) {
  EXPECT_DEATH(RunMocked([]() -> Task<> {
                 CancelScope scope;
                 co_await scope.Run([&]() -> Task<> {
                   Waker waker;
                   co_await Suspend(
                       [&](Waker w) {
                         waker = std::move(w);
                         scope.Cancel();
                       },
                       [&] {
                         waker.Wake();
                         return Abort::kDone;
                       });
                 });
               }).IgnoreError(),
               "an abort function answers Abort::kDone");
}

TEST(TaskIdTest, IsNewForEachTask) {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  const absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    auto child = [](std::uint32_t* id) -> Task<> {
      *id = running.task->id();
      co_return;
    };
    nursery.StartSoon(child, &first);
    co_await Checkpoint();
    nursery.StartSoon(child, &second);
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_LT(first, second);
}

TEST(CurrentTaskDeathTest, NamesWhatNeedsATask) {
  EXPECT_DEATH(CurrentTask("this function"),
               "this function was called outside of a task");
}

}  // namespace
}  // namespace creche::internal
