// SPDX-License-Identifier: Apache-2.0
//
// Conservation: whatever random operations do with channels, semaphores, locks
// and limiters, and wherever they are cancelled, what was put in is what comes
// out: no value is lost or doubled, every permit and token returns.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/sleep.h"
#include "creche/sync/capacity_limiter.h"
#include "creche/sync/channel.h"
#include "creche/sync/condition.h"
#include "creche/sync/lock.h"
#include "creche/sync/select.h"
#include "creche/sync/semaphore.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/sync/in_run.h"

namespace creche {
namespace {

constexpr int kTasks = 20;
constexpr size_t kChannels = 4;
constexpr size_t kPermits = 3;

// A value that knows how many of its kind there are.
class Item {
 public:
  static inline int alive = 0;

  Item() : counted_(true) { ++alive; }
  Item(Item&& other) noexcept
      : counted_(std::exchange(other.counted_, false)) {}
  Item& operator=(Item&&) = delete;
  ~Item() {
    if (counted_) --alive;
  }

 private:
  bool counted_;
};

// Tasks that work on a few primitives at random, and a task that cancels them
// at random.
class Model {
 public:
  Model(std::uint64_t seed, int operations)
      : random_(seed), operations_left_(operations) {
    for (size_t i = 0; i < kChannels; ++i) {
      channels_.push_back(MakeChannel<Item>(i == 3 ? kUnbounded : i));
    }
  }

  Task<absl::Status> Run() {
    auto body = [this](Nursery& nursery) -> Task<> {
      for (int i = 0; i < kTasks; ++i) {
        nursery.StartSoon(&Model::Work, this, static_cast<size_t>(i));
      }
      while (operations_left_ > 0) {
        CancelScope* scope = scopes_[Pick(kTasks)];
        if (scope != nullptr) scope->Cancel();
        for (int n = Pick(4); n >= 0; --n) co_await Checkpoint();
      }
      nursery.Cancel();
    };
    co_return co_await WithNursery(body);
  }

  void CheckThatAllIsBack() {
    std::int64_t left = 0;
    for (auto& [send, receive] : channels_) {
      ChannelStatistics statistics = send.statistics();
      EXPECT_EQ(statistics.tasks_waiting_to_send, 0u);
      EXPECT_EQ(statistics.tasks_waiting_to_receive, 0u);
      EXPECT_EQ(statistics.open_senders, 1u);
      left += static_cast<std::int64_t>(statistics.buffer_used);
    }
    EXPECT_EQ(produced_, consumed_ + left);
    EXPECT_GT(consumed_, 0);
    EXPECT_EQ(Item::alive, left);
    EXPECT_EQ(semaphore_.available(), kPermits);
    EXPECT_EQ(limiter_.borrowed(), 0u);
    EXPECT_FALSE(lock_.is_locked());
    EXPECT_EQ(inside_lock_, 0);
    channels_.clear();
    EXPECT_EQ(Item::alive, 0);
  }

 private:
  int Pick(int n) {
    return static_cast<int>(random_() % static_cast<unsigned>(n));
  }

  // In one scope after the other, each of which may be cancelled.
  Task<> Work(size_t id) {
    while (operations_left_ > 0) {
      CancelScope scope;
      scopes_[id] = &scope;
      auto loop = [this]() -> Task<> {
        while (operations_left_-- > 0) co_await Operation();
      };
      struct Forget {
        ~Forget() { *slot = nullptr; }
        CancelScope** slot;
      } forget{&scopes_[id]};
      co_await scope.Run(loop);
    }
  }

  Task<> Operation() {
    auto& [send, receive] = channels_[static_cast<size_t>(Pick(kChannels))];
    switch (Pick(10)) {
      case 0:
      case 1: {
        absl::Status sent = co_await send.Send(Item());
        Sent(sent);
        break;
      }
      case 2:
      case 3: {
        std::optional<Item> item = co_await receive.Receive();
        EXPECT_TRUE(item.has_value());
        ++consumed_;
        break;
      }
      case 4: {
        absl::Status sent = send.TrySend(Item());
        if (sent.ok()) ++produced_;
        co_await CheckpointIfCancelled();
        break;
      }
      case 5: {
        if (receive.TryReceive().ok()) ++consumed_;
        // The limit goes up and down.
        limiter_.set_total(static_cast<size_t>(Pick(4)));
        co_await CheckpointIfCancelled();
        break;
      }
      case 6: {
        Permit permit = co_await semaphore_.Acquire();
        co_await Checkpoint();
        break;
      }
      case 7: {
        CapacityToken token = co_await limiter_.Acquire();
        co_await Checkpoint();
        break;
      }
      case 8:
        co_await InsideTheLock();
        break;
      default:
        co_await Several();
    }
  }

  Task<> InsideTheLock() {
    LockGuard guard = co_await lock_.Acquire();
    // Must be 1 inside, however this ends, and whatever waits in between.
    struct Count {
      explicit Count(int* c) : count(c) { EXPECT_EQ(++*count, 1); }
      ~Count() { EXPECT_EQ((*count)--, 1); }
      int* count;
    };
    {
      Count count(&inside_lock_);
      co_await Checkpoint();
    }
    if (Pick(4) == 0) {
      co_await condition_.Wait(guard);
    } else {
      condition_.Notify(static_cast<size_t>(Pick(3)));
    }
    Count count(&inside_lock_);
    co_await Checkpoint();
  }

  Task<> Several() {
    auto& [send, receive] = channels_[static_cast<size_t>(Pick(kChannels))];
    auto& [send2, receive2] = channels_[static_cast<size_t>(Pick(kChannels))];
    auto first =
        co_await Select(send.Send(Item()), receive2.Receive(),
                        semaphore_.Acquire(), SleepFor(absl::Nanoseconds(1)));
    if (first.index() == 0) Sent(std::get<0>(first));
    if (first.index() == 1) ++consumed_;
  }

  void Sent(const absl::Status& sent) {
    EXPECT_THAT(sent, IsOk());
    ++produced_;
  }

  std::mt19937_64 random_;
  int operations_left_;
  std::int64_t produced_ = 0;
  std::int64_t consumed_ = 0;
  int inside_lock_ = 0;
  std::array<CancelScope*, kTasks> scopes_ = {};
  std::vector<std::pair<Sender<Item>, Receiver<Item>>> channels_;
  Semaphore semaphore_{kPermits, kPermits};
  CapacityLimiter limiter_{2};
  Lock lock_;
  Condition condition_{lock_};
};

class ConservationTest : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ConservationTest,
                         ::testing::Values(1, 2, 3, 4, 5));

TEST_P(ConservationTest, WhatGoesInComesOut) {
  constexpr int kOperations = 200'000;
  Model model(GetParam(), kOperations);
  auto main = [&]() -> Task<absl::Status> { co_return co_await model.Run(); };

  InRun(main, GetParam());

  model.CheckThatAllIsBack();
}

// Handles are cloned, moved and closed while others use the channel.
TEST_P(ConservationTest, WhateverIsClosed) {
  std::mt19937_64 random(GetParam());
  auto one_in = [&](unsigned n) { return random() % n == 0; };
  for (int round = 0; round < 300; ++round) {
    std::int64_t produced = 0;
    std::int64_t consumed = 0;
    auto produce = [&](Sender<Item> send) -> Task<> {
      for (;;) {
        if (one_in(20)) send.Close();
        Sender<Item> moved = std::move(send);
        absl::Status sent = co_await moved.Send(Item());
        if (!sent.ok()) co_return;
        ++produced;
        send = moved.Clone();
      }
    };
    auto consume = [&](Receiver<Item> receive) -> Task<> {
      while (!one_in(30)) {
        std::optional<Item> item = co_await receive.Receive();
        if (!item.has_value()) co_return;
        ++consumed;
      }
    };
    auto [send, receive] = MakeChannel<Item>(random() % 4);
    Receiver<Item> kept = receive.Clone();
    InNursery(
        [&](Nursery& nursery) -> Task<> {
          for (int i = 0; i < 3; ++i) {
            nursery.StartSoon(produce, send.Clone());
            nursery.StartSoon(consume, receive.Clone());
          }
          send.Close();
          receive.Close();
          for (int i = 0; i < 50; ++i) co_await Checkpoint();
          // What nobody received by now is dropped.
          while (kept.TryReceive().ok()) ++consumed;
          kept.Close();
        },
        random());
    EXPECT_LE(consumed, produced);
    EXPECT_EQ(Item::alive, 0);
  }
}

}  // namespace
}  // namespace creche
