// SPDX-License-Identifier: Apache-2.0
//
// RandomCancellation: questions that are given up at any point, and whether the
// answers to the others are theirs.

#ifndef CRECHE_TESTS_SUPPORT_RANDOM_CANCELLATION_H_
#define CRECHE_TESTS_SUPPORT_RANDOM_CANCELLATION_H_

#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "gtest/gtest.h"

namespace creche {

class RandomCancellation {
 public:
  // Asks `count` questions, one after the other. No two are the same, also of
  // different askers. ask(question) returns a Task<absl::StatusOr<std::string>>
  // that gives the question back.
  template <typename Ask>
  Task<absl::Status> AskMany(unsigned asker, int count, Ask ask) {
    std::mt19937 random(asker);
    for (int i = 0; i < count; ++i) {
      const std::string question = absl::StrCat("/", asker, "/", i);
      // Some limits are hardly enough on any machine. The others follow the
      // machine: longer after one that was not enough.
      const bool is_short = i % 4 == 0;
      const std::uint32_t most = is_short ? kShort : longest_;
      const auto limit = absl::Microseconds(random() % most);
      auto asking = ask(question);
      const auto answer = co_await MoveOnAfter(limit, std::move(asking));
      if (!answer.has_value()) {
        ++cancelled_;
        if (!is_short) longest_ += longest_ / kPart + 1;
        continue;
      }
      co_await Try(answer->status());
      EXPECT_EQ(**answer, question);
      ++answered_;
      if (!is_short) longest_ -= longest_ / kPart;
    }
    co_return absl::OkStatus();
  }

  // Both have happened, `count` times in all.
  void ExpectBoth(int count) const {
    EXPECT_EQ(answered_ + cancelled_, count);
    EXPECT_GT(answered_, 0);
    EXPECT_GT(cancelled_, 0);
  }

 private:
  static constexpr std::uint32_t kShort = 100;  // Microseconds.
  static constexpr std::uint32_t kPart = 16;

  std::uint32_t longest_ = kShort;  // The same.
  int answered_ = 0;
  int cancelled_ = 0;
};

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_RANDOM_CANCELLATION_H_
