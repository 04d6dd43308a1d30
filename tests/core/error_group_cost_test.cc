// SPDX-License-Identifier: Apache-2.0
//
// What groups cost: nothing is kept or done again for each error in them.

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/error_group.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "gtest/gtest.h"
#include "tests/support/growth.h"
#include "tests/support/mocked_run.h"

namespace {

std::size_t living_bytes = 0;

}  // namespace

// Not inlined, lest g++ takes what they call for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  living_bytes += malloc_usable_size(memory);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  living_bytes -= malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}

namespace creche {
namespace {

absl::Status Error() { return absl::InternalError("one of many"); }

absl::Status Appended(int count) {
  absl::Status all;
  for (int i = 0; i < count; ++i) all = GroupErrors({all, Error()});
  return all;
}

absl::Status Prepended(int count) {
  absl::Status all;
  for (int i = 0; i < count; ++i) all = GroupErrors({Error(), all});
  return all;
}

TEST(ErrorGroupCostTest, GrowsByOneErrorInConstantTime) {
  EXPECT_LT(Growth([](int count) { Appended(count).IgnoreError(); }, 300),
            kLinear);
  EXPECT_LT(Growth([](int count) { Prepended(count).IgnoreError(); }, 300),
            kLinear);
}

TEST(ErrorGroupCostTest, GivesAllErrorsInLinearTime) {
  const auto count_errors = [](int count) {
    EXPECT_EQ(Errors(Appended(count)).size(), static_cast<size_t>(count));
  };
  EXPECT_LT(Growth(count_errors, 300), kLinear);
}

TEST(ErrorGroupCostTest, KeepsWhatItsErrorsNeed) {
  constexpr size_t kCount = 1000;
  const size_t before = living_bytes;
  const absl::Status all = Appended(kCount);
  EXPECT_LT(living_bytes - before, kCount * 2048);
}

TEST(ErrorGroupCostTest, NoDepthIsTooMuch) {
  const size_t before = living_bytes;
  EXPECT_EQ(Errors(Appended(60'000)).size(), 60'000u);
  EXPECT_LT(living_bytes, before + 4096);
}

Task<absl::Status> NestErrors(int depth, std::string message) {
  auto fail = [&message]() -> Task<absl::Status> {
    co_await Shield(SleepFor(absl::Seconds(1)));
    co_return absl::InternalError(message);
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(fail);
    if (depth > 0) nursery.StartSoon(NestErrors, depth - 1, message);
    co_return;
  };
  co_return co_await WithNursery(body);
}

// A thread keeps its closed nurseries for a while.
TEST(ErrorGroupCostTest, ClosedNurseriesKeepNoText) {
  const auto run = [](std::string message) {
    RunMocked([&]() -> Task<absl::Status> {
      co_return co_await NestErrors(400, message);
    }).IgnoreError();
  };
  run("short");
  const size_t before = living_bytes;
  run(std::string(4096, 'x'));
  EXPECT_LT(living_bytes, before + (64 << 10));
}

}  // namespace
}  // namespace creche
