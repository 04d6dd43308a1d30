// SPDX-License-Identifier: Apache-2.0
//
// Eight bugs that cancellation brings out, each in a small piece of code that
// is right but for that. The kit must find each, whatever comes first (in less
// than a second, if nothing does), and must find nothing where the bug is
// mended.

#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/cleanup.h"
#include "creche/core/internal/frame_pool.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/sleep.h"
#include "creche/core/suspend.h"
#include "creche/core/try.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"
#include "tests/testing/preludes.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

enum Version { kRight, kBuggy };

class PlantedBugsTest : public ::testing::TestWithParam<Prelude> {};
class PlantedBugsDeathTest : public PlantedBugsTest {};

template <typename Body>
void CancelAfterPrelude(
    Body body, const std::function<void()>& check = [] {},
    CancelEverywhereOptions options = {}) {
  auto after_prelude = [&]() -> Task<absl::Status> {
    co_await Try(PlantedBugsTest::GetParam().run());
    co_await body();
    co_return absl::OkStatus();
  };
  CancelEverywhere(after_prelude, check, options);
}

// What comes first takes its own time.
void ExpectWasQuick(absl::Time start) {
  if (PlantedBugsTest::GetParam().run != PlayNothing) return;
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
}

// `cancel(version)` calls CancelAfterPrelude().
template <typename Cancel>
void ExpectFindsTheBug(Cancel cancel, const char* text) {
  const absl::Time start = absl::Now();
  EXPECT_THAT(FailuresOf([&] { cancel(kBuggy); }), HasSubstr(text));
  ExpectWasQuick(start);
  EXPECT_EQ(FailuresOf([&] { cancel(kRight); }), "");
}

// Runs `f` and a task that goes on when all others are cancelled, like a device
// or a part of the program that was not told.
template <typename F, typename G>
Task<> Beside(F f, G unstoppable) {
  auto body = [&](Nursery& nursery) -> Task<> {
    auto shielded = [&]() -> Task<> { co_await Shield(unstoppable()); };
    nursery.StartSoon(shielded);
    co_await f();
  };
  const absl::Status status = co_await WithNursery(body);
  EXPECT_THAT(status, IsOk());
}

// 1. The permit is counted before something owns it, and a checkpoint lies in
// between.
struct Permits {
  int available = 2;
};
class Permit {
 public:
  explicit Permit(Permits& permits) : permits_(permits) {}
  ~Permit() { ++permits_.available; }

 private:
  Permits& permits_;
};

TEST_P(PlantedBugsTest, ALeakedPermit) {
  auto cancel = [](Version version) {
    Permits permits;
    auto body = [&]() -> Task<> {
      permits.available = 2;
      if (version == kRight) co_await Checkpoint();
      --permits.available;
      if (version == kBuggy) co_await Checkpoint();
      Permit permit(permits);
      co_await SleepFor(absl::Seconds(1));
    };
    CancelAfterPrelude(body,
                       [&] { EXPECT_EQ(permits.available, 2) << "leaked"; });
  };
  ExpectFindsTheBug(cancel, "leaked");
}

// 2. A byte that has been received is kept in a local variable while the reader
// waits for the next.
TEST_P(PlantedBugsTest, ALostByte) {
  auto cancel = [](Version version) {
    std::optional<MemoryStream> writer;
    std::optional<MemoryStream> reader;
    std::string kept;
    auto body = [&]() -> Task<> {
      auto pair = MemoryStreamPair();
      writer.emplace(std::move(pair.first));
      reader.emplace(std::move(pair.second));
      kept.clear();
      EXPECT_THAT(co_await Shield(writer->SendAll("ab")), IsOk());
      std::string word;
      std::string& received = version == kBuggy ? word : kept;
      while (received.size() < 2) {
        char byte;
        auto size = co_await reader->ReceiveSome(absl::MakeSpan(&byte, 1));
        if (size.ok()) received.push_back(byte);
      }
      kept = received;
    };
    CancelAfterPrelude(body, [&] {
      EXPECT_EQ((kept.size() + reader->unread()) % 2, 0) << "a byte is lost";
    });
  };
  ExpectFindsTheBug(cancel, "a byte is lost");
}

// 3. A descriptor that was accepted is a number on its way to its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(number_); }

 private:
  int number_;
};

TEST_P(PlantedBugsTest, ADroppedDescriptor) {
  auto cancel = [](Version version) {
    auto accept = [version]() -> Task<int> {
      if (version == kRight) co_await Checkpoint();
      const int accepted = eventfd(0, 0);
      if (version == kBuggy) co_await Checkpoint();
      co_return accepted;
    };
    CancelAfterPrelude([&]() -> Task<> {
      Descriptor connection(co_await accept());
      co_await SleepFor(absl::Seconds(1));
    });
  };
  const int first_free = dup(0);
  close(first_free);
  ExpectFindsTheBug(cancel, "was left open");
  for (int leaked = first_free; leaked < first_free + 32; ++leaked) {
    close(leaked);
  }
}

// 4. An abort function says that nobody will use the Waker, and leaves it where
// somebody will.
void CancelTheDoublyCompleted(Version version) {
  Waker waker;
  auto interrupt = [&]() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    if (waker) std::move(waker).Wake();
  };
  auto wait = [&]() -> Task<> {
    auto start = [&](Waker w) { waker = std::move(w); };
    auto abort = [&] {
      if (version == kRight) waker = Waker();
      return Abort::kDone;
    };
    co_await Suspend(start, abort);
  };
  CancelAfterPrelude([&]() -> Task<> { co_await Beside(wait, interrupt); });
}

// With the bug there is no way to go on: the library ends the process, and says
// where it was.
TEST_P(PlantedBugsDeathTest, ADoubleCompletion) {
  const absl::Time start = absl::Now();
  EXPECT_DEATH(CancelTheDoublyCompleted(kBuggy),
               "a task was woken that does not wait.*\n.*CancelEverywhere: the "
               "run is cancelled at cancel point .*planted_bugs_test.cc:");
  ExpectWasQuick(start);
  EXPECT_EQ(FailuresOf([] { CancelTheDoublyCompleted(kRight); }), "");
}

// 5. Whoever is woken and then cancelled takes the wake-up along that was meant
// for one of those who wait.
struct Mutex {
  bool is_locked = true;
  ParkingLot waiters;
  void Unlock() {
    is_locked = false;
    waiters.Unpark(1);
  }
};
struct PassOn {
  Mutex* mutex;
  ~PassOn() {
    if (mutex != nullptr) mutex->waiters.Unpark(1);
  }
};

TEST_P(PlantedBugsTest, AForgottenWakeUp) {
  auto cancel = [](Version version) {
    auto lock_and_unlock = [version](Mutex& mutex) -> Task<> {
      while (mutex.is_locked) {
        co_await mutex.waiters.Park("the mutex");
        PassOn unless_dismissed{version == kRight ? &mutex : nullptr};
        co_await Checkpoint();
        unless_dismissed.mutex = nullptr;
      }
      mutex.is_locked = true;
      mutex.Unlock();
    };
    CancelAfterPrelude([&]() -> Task<> {
      Mutex mutex;
      auto unlock = [&]() -> Task<> {
        co_await SleepFor(absl::Seconds(1));
        mutex.Unlock();
      };
      auto first = [&]() -> Task<> {
        co_await Beside([&]() -> Task<> { co_await lock_and_unlock(mutex); },
                        unlock);
      };
      co_await Beside(first, [&]() -> Task<> {
        co_await SleepFor(absl::Milliseconds(1));
        co_await lock_and_unlock(mutex);
      });
    });
  };
  ExpectFindsTheBug(cancel, "task waits for the mutex");
}

// 6. What must be done in the end waits, and so is cancelled like the rest.
TEST_P(PlantedBugsTest, AnUnshieldedCleanup) {
  auto cancel = [](Version version) {
    bool in_transaction = false;
    auto insert = []() -> Task<> { co_await SleepFor(absl::Seconds(1)); };
    auto roll_back = [&]() -> Task<> {
      co_await SleepFor(absl::Seconds(1));
      in_transaction = false;
    };
    auto body = [&]() -> Task<> {
      in_transaction = true;
      if (version == kRight) {
        co_await WithCleanup(insert, roll_back);
      } else {
        co_await insert();
        co_await roll_back();
      }
    };
    CancelAfterPrelude(
        body, [&] { EXPECT_FALSE(in_transaction) << "not rolled back"; });
  };
  ExpectFindsTheBug(cancel, "not rolled back");
}

// 7. A callback refers to a variable of a coroutine that is gone.
void CancelTheUserAfterScope(Version version) {
  std::function<void(int)> on_data;
  auto device = [&]() -> Task<> {
    co_await SleepFor(absl::Seconds(1));
    if (on_data) on_data(42);
  };
  auto read = [&]() -> Task<> {
    struct Forget {
      std::function<void(int)>* callback;
      ~Forget() {
        if (callback != nullptr) *callback = nullptr;
      }
    } forget{version == kRight ? &on_data : nullptr};
    int data = 0;
    on_data = [&data](int value) { data = value; };
    co_await SleepFor(absl::Seconds(2));
    on_data = nullptr;
    EXPECT_EQ(data, 42);
  };
  CancelAfterPrelude([&]() -> Task<> { co_await Beside(read, device); });
}

#if CRECHE_POOL_FRAMES
TEST_P(PlantedBugsTest, AUseAfterScope) {
  ExpectFindsTheBug(CancelTheUserAfterScope, "written to after their end");
}
#else
TEST_P(PlantedBugsDeathTest, AUseAfterScope) {
  EXPECT_DEATH(CancelTheUserAfterScope(kBuggy), "use-after-free");
  EXPECT_EQ(FailuresOf([] { CancelTheUserAfterScope(kRight); }), "");
}
#endif

// 8. What has come at the very moment of the timeout is thrown away.
TEST_P(PlantedBugsTest, AResultDroppedInARace) {
  auto cancel = [](Version version) {
    std::deque<int> queue;
    ParkingLot lot;
    int popped = 0;
    auto pop = [&]() -> Task<int> {
      if (queue.empty()) co_await lot.Park();
      const int item = queue.front();
      queue.pop_front();
      co_return item;
    };
    auto pop_in_time = [&]() -> Task<std::optional<int>> {
      CancelScope scope({.timeout = absl::Seconds(10)});
      std::optional<int> item = co_await scope.Run(pop);
      if (version == kBuggy && scope.cancel_called()) co_return std::nullopt;
      co_return item;
    };
    auto consume = [&]() -> Task<> {
      if ((co_await pop_in_time()).has_value()) ++popped;
    };
    auto body = [&]() -> Task<> {
      queue.clear();
      popped = 0;
      co_await Beside(consume, [&]() -> Task<> {
        co_await SleepFor(absl::Seconds(1));
        queue.push_back(1);
        lot.Unpark();
      });
    };
    CancelEverywhereOptions options;
    options.inner_scopes = true;
    CancelAfterPrelude(
        body, [&] { EXPECT_EQ(queue.size() + popped, 1) << "dropped"; },
        options);
  };
  ExpectFindsTheBug(cancel, "dropped");
}

INSTANTIATE_TEST_SUITE_P(After, PlantedBugsTest, ::testing::ValuesIn(kPreludes),
                         PreludeName);
INSTANTIATE_TEST_SUITE_P(After, PlantedBugsDeathTest,
                         ::testing::ValuesIn(kPreludes), PreludeName);

}  // namespace
}  // namespace creche
