// SPDX-License-Identifier: Apache-2.0
//
// The forms in which callables and arguments are handed to tasks, and what is
// kept of them. Means most under AddressSanitizer.

#include "creche/core/internal/kept_argument.h"

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/run.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/mocked_run.h"

namespace creche {
namespace {

using internal::BorrowedArguments;
using internal::KeptArguments;

constexpr const char* kLong = "long enough to live on the heap, always";

struct Animal {};
struct Dog : Animal {};

using TakesText = Task<> (*)(const std::string&, std::string&&, int, Animal&);
static_assert(std::is_same_v<
              KeptArguments<TakesText, const char*, const char*, char, Dog&>,
              std::tuple<std::string, std::string, char, Dog>>);
static_assert(std::is_same_v<
              KeptArguments<TakesText, std::string&,
                            std::reference_wrapper<std::string>>,
              std::tuple<std::string, std::reference_wrapper<std::string>>>);
static_assert(
    std::is_same_v<BorrowedArguments<TakesText, const char (&)[4], std::string>,
                   std::tuple<std::string, std::string&&>>);

// Appends `text` to `to` when its caller has long gone on.
Task<> Append(std::string* to, const std::string& text) {
  co_await Checkpoint();
  *to += text;
}

struct Appender {
  std::string text;

  Task<> Add(const std::string& more) & noexcept {
    co_await Checkpoint();
    text += more;
  }
  Task<> AddTo(std::string* to, const std::string& more) const&& {
    const std::string both = text + more;
    co_await Append(to, both);
  }
  Task<> operator()(const std::string& more) {
    co_await Checkpoint();
    text += more;
  }
};

TEST(KeptArgumentTest, AReferenceIsNeverToATemporary) {
  std::string all;
  auto closure = [&all](const std::string& text) -> Task<> {
    co_await Checkpoint();
    all += text;
  };

  absl::Status status = RunNursery([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Append, &all, kLong);
    nursery.StartSoon(Named("append", Append), &all, kLong);
    nursery.StartSoon(closure, kLong);
    nursery.StartSoon(std::ref(closure), kLong);
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(all, std::string(kLong) + kLong + kLong + kLong);
}

TEST(KeptArgumentTest, NorInStart) {
  auto serve = [](const std::string& name, TaskStatus<size_t> up) -> Task<> {
    co_await Checkpoint();
    up.Started(name.size());
  };

  auto size = RunNursery([&](Nursery& nursery) -> Task<absl::StatusOr<size_t>> {
    size_t started = co_await Try(nursery.Start<size_t>(serve, kLong));
    co_return started;
  });

  EXPECT_EQ(size.value_or(0), std::string(kLong).size());
}

TEST(KeptArgumentTest, NorInRun) {
  std::string all;
  FakePort port;

  EXPECT_THAT(creche::Run({.port = &port}, Append, &all, kLong), IsOk());

  EXPECT_EQ(all, kLong);
}

TEST(KeptArgumentTest, RunUsesWhatItIsGivenInPlace) {
  FakePort port;
  const std::string text = kLong;
  auto main = [&text](const std::string& given) -> Task<bool> {
    co_return &given == &text;
  };

  EXPECT_EQ(creche::Run({.port = &port}, main, text).value_or(false), true);
}

TEST(KeptArgumentTest, MembersOfObjectsAndOfWhatPointersPointTo) {
  Appender plain;
  auto shared = std::make_shared<Appender>();
  auto owned = std::make_unique<Appender>();
  std::string all;

  absl::Status status = RunNurseryInOrder([&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(&Appender::Add, &plain, "a");
    nursery.StartSoon(&Appender::Add, std::ref(plain), "b");
    nursery.StartSoon(&Appender::Add, shared, "c");
    nursery.StartSoon(&Appender::Add, std::move(owned), kLong);
    nursery.StartSoon(&Appender::AddTo, Appender{kLong}, &all, "d");
    nursery.StartSoon(std::ref(plain), "e");
    co_return;
  });

  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(plain.text, "abe");
  EXPECT_EQ(shared->text, "c");
  EXPECT_EQ(all, std::string(kLong) + "d");
}

TEST(KeptArgumentTest, ReferencesToCallablesAreBodies) {
  int calls = 0;
  auto body = [calls = &calls]() mutable -> Task<int> { co_return ++*calls; };

  auto second = RunMocked([&]() -> Task<int> {
    auto first = co_await MoveOnAfter(absl::Seconds(1), std::ref(body));
    auto more = co_await MoveOnAfter(absl::Seconds(1), std::ref(body));
    co_return first.value_or(0) + more.value_or(0);
  });

  EXPECT_EQ(second.value_or(0), 3);
}

// The closure's name is a std::string, and that one is safe.
TEST(KeptArgumentTest, NamedIsSafeInsideCoAwait) {
  auto serve = [](TaskStatus<int> up) -> Task<> {
    up.Started(3);
    co_return;
  };

  auto started = RunNursery([&](Nursery& nursery) -> Task<absl::StatusOr<int>> {
    int value = co_await Try(nursery.Start<int>(Named(kLong, serve)));
    co_return value;
  });

  EXPECT_EQ(started.value_or(0), 3);
}

}  // namespace
}  // namespace creche
