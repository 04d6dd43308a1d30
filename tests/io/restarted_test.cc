// SPDX-License-Identifier: Apache-2.0

#include "lib/io/restarted.h"

#include <liburing.h>

#include <cerrno>
#include <cstddef>
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
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// Interrupts what is started, some times; the next one gives 7.
class InterruptingPort final : public OperationPort {
 public:
  explicit InterruptingPort(int interruptions)
      : interruptions_(interruptions) {}

  absl::Status Open() override { return absl::OkStatus(); }
  void Close() override {}
  void Start(Operation& operation, const io_uring_sqe&) override {
    under_way_.push_back(&operation);
    ++started_;
  }
  void Cancel(Operation&) override {}
  void Poll() override {
    for (Operation* operation : std::exchange(under_way_, {})) {
      operation->Completed(interruptions_-- > 0 ? -EINTR : 7, 0);
    }
  }
  void Wait(absl::Duration) override { Poll(); }
  size_t pending() const override { return under_way_.size(); }
  void Notify() override {}

  int started() const { return started_; }

 private:
  int interruptions_;
  int started_ = 0;
  std::vector<Operation*> under_way_;
};

void PrepareNop(io_uring_sqe& entry) { io_uring_prep_nop(&entry); }

TEST(RestartedTest, BeginsAgainAfterEachInterruption) {
  InterruptingPort port(3);
  RunOptions options;
  options.port = &port;
  int result = 0;
  auto main = [&]() -> Task<> {
    result = co_await internal::Restarted(PrepareNop);
  };
  EXPECT_THAT(creche::Run(options, main), IsOk());
  EXPECT_EQ(result, 7);
  EXPECT_EQ(port.started(), 4);
}

// The interruption is how the kernel has cancelled it.
TEST(RestartedTest, DoesNotBeginAgainWhenItIsCancelled) {
  InterruptingPort port(1);
  RunOptions options;
  options.port = &port;
  std::optional<int> result;
  auto main = [&]() -> Task<> {
    CancelScope scope;
    auto wait = [&]() -> Task<> {
      auto body = [&]() -> Task<> {
        result = co_await internal::Restarted(PrepareNop);
      };
      co_await scope.Run(body);
      EXPECT_TRUE(scope.cancelled_caught());
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(wait);
      co_await Checkpoint();
      scope.Cancel();
    };
    (co_await WithNursery(body)).IgnoreError();
  };
  EXPECT_THAT(creche::Run(options, main), IsOk());
  EXPECT_EQ(result, std::nullopt);
  EXPECT_EQ(port.started(), 1);
}

}  // namespace
}  // namespace creche
