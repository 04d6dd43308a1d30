// SPDX-License-Identifier: Apache-2.0

#include "lib/uring/cancel_requests.h"

#include <cerrno>
#include <vector>

#include "absl/time/time.h"
#include "creche/uring/operation_port.h"
#include "gtest/gtest.h"
#include "tests/support/counting_operation.h"

namespace creche::internal {
namespace {

class CancelRequestsTest : public ::testing::Test {
 protected:
  // The operations that are asked again after `pause`.
  std::vector<Operation*> AskAgainAfter(absl::Duration pause) {
    now_ += absl::ToChronoNanoseconds(pause);
    std::vector<Operation*> asked;
    requests_.AskAgain(
        now_, [&](Operation& operation) { asked.push_back(&operation); });
    return asked;
  }
  void Answer(int result) { requests_.Answered(result, now_); }

  CancelRequests requests_;
  CancelRequests::Clock::time_point now_;
  CountingOperation first_;
  CountingOperation second_;
};

constexpr absl::Duration kPause = CancelRequests::kFirstPause;

TEST_F(CancelRequestsTest, AsksAgainWhatWasNotFound) {
  for (int answer : {-ENOENT, -EALREADY}) {
    requests_.Add(first_);
    Answer(answer);
    EXPECT_EQ(AskAgainAfter(kPause), std::vector<Operation*>{&first_});
    EXPECT_TRUE(AskAgainAfter(absl::Hours(1)).empty()) << "without an answer";
  }
}

TEST_F(CancelRequestsTest, IsContentWithAnyOtherAnswer) {
  requests_.Add(first_);
  for (int answer : {0, 1, -EINVAL, -ENOMEM}) {
    Answer(answer);
    EXPECT_FALSE(requests_.is_to_ask_again());
  }
}

TEST_F(CancelRequestsTest, PausesFirst) {
  requests_.Add(first_);
  Answer(-ENOENT);
  EXPECT_EQ(requests_.TimeLeft(now_), kPause);
  EXPECT_TRUE(AskAgainAfter(kPause / 2).empty());
  EXPECT_EQ(requests_.TimeLeft(now_), kPause / 2);
  EXPECT_EQ(AskAgainAfter(kPause / 2).size(), 1U);
  EXPECT_EQ(requests_.TimeLeft(now_), absl::InfiniteDuration());
}

TEST_F(CancelRequestsTest, PausesLongerEachTime) {
  requests_.Add(first_);
  absl::Duration total;
  int rounds = 0;
  for (; total < absl::Seconds(10); ++rounds) {
    Answer(-ENOENT);
    const absl::Duration pause = requests_.TimeLeft(now_);
    EXPECT_LE(pause, CancelRequests::kLongestPause);
    EXPECT_EQ(AskAgainAfter(pause).size(), 1U);
    total += pause;
  }
  EXPECT_LT(rounds, 1100);

  requests_.Add(second_);
  Answer(-ENOENT);
  EXPECT_EQ(requests_.TimeLeft(now_), kPause) << "it may be quick";
}

TEST_F(CancelRequestsTest, ForgetsWhatHasEnded) {
  requests_.Add(first_);
  requests_.Add(second_);
  requests_.Add(second_);
  CancelRequests::Remove(first_);
  CancelRequests::Remove(first_);
  Answer(-ENOENT);  // Whose it is, nobody knows.
  EXPECT_EQ(AskAgainAfter(kPause), std::vector<Operation*>{&second_});

  Answer(-ENOENT);
  CancelRequests::Remove(second_);
  EXPECT_TRUE(requests_.empty());
  EXPECT_TRUE(AskAgainAfter(absl::Hours(1)).empty());
  Answer(-ENOENT);
  EXPECT_FALSE(requests_.is_to_ask_again());
}

}  // namespace
}  // namespace creche::internal
