// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/internal/task_operation.h"

#include <cerrno>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/operation.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// A port whose operations do what the test says.
class ScriptedPort : public OperationPort {
 public:
  struct Ending {
    int result;
    unsigned flags = 0;
  };

  absl::Status Open() override { return absl::OkStatus(); }
  void Close() override {}
  void Start(Operation& operation, const io_uring_sqe&) override {
    started.push_back(&operation);
    ++pending_;
  }
  void Cancel(Operation& operation) override {
    cancelled.push_back(&operation);
  }
  void Poll() override {
    for (auto& [operation, ending] : std::exchange(endings, {})) {
      if ((ending.flags & IORING_CQE_F_MORE) == 0) --pending_;
      operation->Completed(ending.result, ending.flags);
    }
  }
  void Wait(absl::Duration) override { Poll(); }
  size_t pending() const override { return pending_; }
  void Notify() override {}

  void End(int result, unsigned flags = 0) {
    endings.push_back({started.back(), {result, flags}});
  }

  std::vector<Operation*> started;
  std::vector<Operation*> cancelled;
  std::vector<std::pair<Operation*, Ending>> endings;

 private:
  size_t pending_ = 0;
};

void PrepareNop(io_uring_sqe& entry) { io_uring_prep_nop(&entry); }

// Starts one operation under a scope, lets it get under way, and calls `act`.
struct Outcome {
  std::optional<int> result;
  bool was_caught = false;
  bool cancelled_later = false;
};
Outcome RunOperation(ScriptedPort& port,
                     const std::function<void(CancelScope&)>& act) {
  Outcome outcome;
  RunOptions options;
  options.port = &port;
  auto main = [&]() -> Task<> {
    CancelScope scope;
    auto wait = [&]() -> Task<> {
      auto body = [&]() -> Task<> {
        outcome.result = co_await Uring(PrepareNop);
        outcome.cancelled_later = true;
        co_await Checkpoint();
        outcome.cancelled_later = false;
      };
      co_await scope.Run(body);
    };
    auto nursery_body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await Checkpoint();
      act(scope);
    };
    (co_await WithNursery(nursery_body)).IgnoreError();
    outcome.was_caught = scope.cancelled_caught();
  };
  EXPECT_THAT(creche::Run(options, main), IsOk());
  return outcome;
}

TEST(TaskOperationTest, GivesTheResult) {
  ScriptedPort port;
  const Outcome outcome =
      RunOperation(port, [&](CancelScope&) { port.End(-ENOENT); });

  EXPECT_EQ(outcome.result, -ENOENT);
  EXPECT_TRUE(port.cancelled.empty());
}

// ERESTARTSYS and the others, which programs have no names for.
constexpr int kRestartCodes[] = {-512, -513, -514, -516};

TEST(TaskOperationTest, UnwindsWhenTheKernelHasCancelled) {
  std::vector<int> results(std::begin(kRestartCodes), std::end(kRestartCodes));
  results.insert(results.end(), {-ECANCELED, -EINTR});
  for (int result : results) {
    ScriptedPort port;
    const Outcome outcome = RunOperation(port, [&](CancelScope& scope) {
      scope.Cancel();
      port.End(result);
    });

    EXPECT_EQ(outcome.result, std::nullopt);
    EXPECT_TRUE(outcome.was_caught);
    EXPECT_EQ(port.cancelled, port.started);
  }
}

TEST(TaskOperationTest, DeliversALateSuccess) {
  for (int result : {0, 7, -ENOTCONN}) {
    ScriptedPort port;
    const Outcome outcome = RunOperation(port, [&](CancelScope& scope) {
      scope.Cancel();
      port.End(result);
    });

    EXPECT_EQ(outcome.result, result);
    EXPECT_TRUE(outcome.cancelled_later) << "at the next checkpoint";
    EXPECT_TRUE(outcome.was_caught);
  }
}

TEST(TaskOperationTest, DeliversASuccessThatTheCancellationFoundDone) {
  ScriptedPort port;
  const Outcome outcome = RunOperation(port, [&](CancelScope& scope) {
    port.End(7);
    port.Poll();
    scope.Cancel();
  });

  EXPECT_EQ(outcome.result, 7);
  EXPECT_TRUE(port.cancelled.empty());
  EXPECT_TRUE(outcome.was_caught);
}

TEST(TaskOperationTest, DeliversACancellationNobodyAskedFor) {
  ScriptedPort port;
  const Outcome outcome =
      RunOperation(port, [&](CancelScope&) { port.End(-ECANCELED); });

  EXPECT_EQ(outcome.result, -ECANCELED);
  EXPECT_FALSE(outcome.was_caught);
}

TEST(TaskOperationTest, GivesARestartCodeNobodyAskedForAsAnInterruption) {
  for (int code : kRestartCodes) {
    ScriptedPort port;
    const Outcome outcome =
        RunOperation(port, [&](CancelScope&) { port.End(code); });

    EXPECT_EQ(outcome.result, -EINTR);
    EXPECT_FALSE(outcome.was_caught);
  }
}

TEST(TaskOperationTest, WaitsForTheLastCompletion) {
  ScriptedPort port;
  const Outcome outcome = RunOperation(port, [&](CancelScope& scope) {
    port.End(100, IORING_CQE_F_MORE);
    port.Poll();
    EXPECT_EQ(port.pending(), 1U);
    scope.Cancel();
    port.End(0);
  });

  EXPECT_EQ(outcome.result, 100) << "that of the first completion";
  EXPECT_EQ(port.cancelled.size(), 1U) << "it was still under way";
}

TEST(TaskOperationTest, StartsNothingWhenCancelledAlready) {
  ScriptedPort port;
  RunOptions options;
  options.port = &port;
  auto main = [&]() -> Task<> {
    CancelScope scope;
    scope.Cancel();
    co_await scope.Run(Uring(PrepareNop));
    EXPECT_TRUE(scope.cancelled_caught());
  };

  EXPECT_THAT(creche::Run(options, main), IsOk());
  EXPECT_TRUE(port.started.empty());
}

TEST(TaskOperationDeathTest, NeedsAPortThatExecutesOperations) {
  class NoOperations : public EventPort {
   public:
    absl::Status Open() override { return absl::OkStatus(); }
    void Close() override {}
    void Poll() override {}
    void Wait(absl::Duration) override {}
    size_t pending() const override { return 0; }
    void Notify() override {}
  };
  NoOperations port;
  RunOptions options;
  options.port = &port;
  auto main = []() -> Task<> { co_await Uring(PrepareNop); };

  EXPECT_DEATH(creche::Run(options, main).IgnoreError(),
               "whose port executes none");
}

}  // namespace
}  // namespace creche
