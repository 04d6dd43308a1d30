// SPDX-License-Identifier: Apache-2.0
//
// ShardedStore: keys at home on one core, and used from all.

#include "examples/sharded_store.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/creche.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

using creche::Core;
using creche::IsOk;
using creche::Task;
using creche::Try;

constexpr std::size_t kCores = 4;
constexpr std::size_t kKeys = 16;

// Runs `part` on each core. A core keeps its shard until all have done theirs.
template <typename Part>
absl::Status RunParts(Part part) {
  std::atomic<std::size_t> left = kCores;
  std::vector<creche::Event> all_done(kCores);
  auto main = [&](Core& core) -> Task<absl::Status> {
    co_await Try(part(core));
    if (--left == 0) {
      for (std::size_t i = 0; i < kCores; ++i) {
        core.handle(i).Post([&all_done, i] { all_done[i].Set(); });
      }
    }
    co_await all_done[core.index()].Wait();
    co_return absl::OkStatus();
  };
  return creche::RunOnCores(creche::CoresOptions().set_count(kCores), main);
}

// Every core appends to every key, in turns that nobody arranges.
TEST(ShardedStoreTest, LosesNothingThatAnyCoreAdds) {
  constexpr std::size_t kRounds = 50;
  ShardedStore store(kCores);
  auto append = [&](Core& core) -> Task<absl::Status> {
    for (std::size_t i = 0; i < kRounds * kKeys; ++i) {
      const std::string key = absl::StrCat("key ", i % kKeys);
      co_await Try(store.Append(core, key, "x"));
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunParts(append), IsOk());
  std::size_t size = 0;
  auto sum = [&](Core& core) -> Task<absl::Status> {
    if (core.index() != 0) co_return absl::OkStatus();
    EXPECT_EQ(co_await Try(store.Count(core)), kKeys);
    for (std::size_t i = 0; i < kKeys; ++i) {
      const std::optional<std::string> value =
          co_await Try(store.Get(core, absl::StrCat("key ", i)));
      size += value.value_or("").size();
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunParts(sum), IsOk());
  EXPECT_EQ(size, kCores * kRounds * kKeys);
}

TEST(ShardedStoreTest, AnswersLines) {
  ShardedStore store(kCores);
  auto part = [&](Core& core) -> Task<absl::Status> {
    const std::string key = absl::StrCat("of", core.index());
    const std::vector<std::pair<std::string, std::string>> talk = {
        {"GET " + key, "nothing"},
        {"SET " + key + " a value", "set"},
        {"GET " + key, "= a value"},
        {"APPEND " + key + " ue", "9"},
        {"GET " + key, "= a valueue"},
        {"SET " + key, kUsage},
        {"", kUsage},
    };
    for (const auto& [line, answer] : talk) {
      EXPECT_EQ(co_await Try(Answer(core, store, line)), answer);
    }
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunParts(part), IsOk());
}

// An error on one core ends all: a question to a core is cancelled, or has its
// answer, and nobody waits for ever.
TEST(ShardedStoreTest, EndsWhenACoreFails) {
  ShardedStore store(kCores);
  auto main = [&](Core& core) -> Task<absl::Status> {
    for (int i = 0;; ++i) {
      if (core.index() == 1 && i == 20) co_return absl::DataLossError("fire");
      co_await Try(store.Append(core, absl::StrCat("key ", i % kKeys), "x"));
    }
  };
  const absl::Status status =
      creche::RunOnCores(creche::CoresOptions().set_count(kCores), main);
  const std::vector<absl::Status> errors = creche::Errors(status);
  EXPECT_TRUE(std::any_of(errors.begin(), errors.end(), absl::IsDataLoss))
      << status;
}

}  // namespace
}  // namespace examples
