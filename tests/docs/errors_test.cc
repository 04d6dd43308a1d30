// SPDX-License-Identifier: Apache-2.0
//
// What docs/errors.md shows.

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

using creche::MemoryStream;
using creche::MemoryStreamPair;
using creche::Nursery;
using creche::Task;
using creche::Try;

Task<absl::StatusOr<std::string>> Ask(MemoryStream& stream,
                                      std::string question) {
  if (question.empty()) co_return absl::InvalidArgumentError("no question");
  co_await Try(stream.SendAll(question + "\n"));
  creche::BufferedReader reader(stream);
  std::string answer = co_await Try(reader.ReadLine());
  co_return answer;
}

Task<absl::StatusOr<std::string>> AskPatiently(MemoryStream& stream) {
  for (int attempt = 1;; ++attempt) {
    absl::StatusOr<std::string> answer =
        co_await creche::FailAfter(absl::Seconds(1), Ask(stream, "well?"));
    if (creche::IsTimeout(answer.status()) && attempt < 3) continue;
    co_return answer;
  }
}

CRECHE_TEST(ErrorsTest, Kinds) {
  auto [ours, theirs] = MemoryStreamPair();
  absl::StatusOr<std::string> answer = co_await AskPatiently(ours);
  EXPECT_TRUE(creche::IsTimeout(answer.status()));
  theirs.Close();
  answer = co_await AskPatiently(ours);
  EXPECT_TRUE(creche::IsBrokenResource(answer.status())) << answer.status();
  answer = co_await Ask(ours, "");
  EXPECT_TRUE(absl::IsInvalidArgument(answer.status()));
}

Task<absl::Status> FailLater(std::string why) {
  co_await creche::SleepFor(absl::Seconds(1));
  co_return absl::DataLossError(why);
}

CRECHE_TEST(ErrorsTest, NoneIsLost) {
  auto body = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(FailLater, "the disk");
    nursery.StartSoon(FailLater, "the network");
    co_return;
  };
  const absl::Status status = co_await creche::WithNursery(body);
  EXPECT_TRUE(absl::IsDataLoss(status));
  const std::vector<absl::Status> errors = creche::Errors(status);
  // Which of the two was first is the schedule's business.
  EXPECT_THAT(errors, ::testing::UnorderedElementsAre(
                          absl::DataLossError("the disk"),
                          absl::DataLossError("the network")));
}

CRECHE_TEST(ErrorsTest, OneIsTheOthersBusinessOrNot) {
  int failures = 0;
  auto quietly = [&](Task<absl::Status> task) -> Task<> {
    const absl::Status status = co_await std::move(task);
    if (!status.ok()) ++failures;  // Log it; the siblings go on.
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(quietly, FailLater("the disk"));
    nursery.StartSoon(quietly, FailLater("the network"));
    co_return;
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  EXPECT_EQ(failures, 2);
}

CRECHE_TEST(ErrorsTest, ACancellationIsNoError) {
  bool reached = false;
  absl::Status seen;
  auto body = [&]() -> Task<absl::Status> {
    seen = co_await FailLater("never happens");
    reached = true;
    co_return seen;
  };
  const auto result = co_await creche::MoveOnAfter(absl::Milliseconds(1), body);
  EXPECT_FALSE(result.has_value());
  EXPECT_FALSE(reached);
}

#if defined(__cpp_exceptions)

Task<> Throw() {
  co_await creche::SleepFor(absl::Seconds(1));
  throw std::runtime_error("the disk is full");
}

CRECHE_TEST(ErrorsTest, Exceptions) {
  std::string caught;
  auto body = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Throw);
    nursery.StartSoon(FailLater, "the network");
    co_return;
  };
  try {
    (co_await creche::WithNursery(body)).IgnoreError();
  } catch (const creche::ExceptionGroup& group) {
    for (const std::exception_ptr& exception : group.exceptions()) {
      try {
        std::rethrow_exception(exception);
      } catch (const creche::StatusError& error) {
        absl::StrAppend(&caught, error.status().message(), "; ");
      } catch (const std::exception& error) {
        absl::StrAppend(&caught, error.what(), "; ");
      }
    }
  }
  EXPECT_THAT(caught, ::testing::HasSubstr("the disk is full; "));
  EXPECT_THAT(caught, ::testing::HasSubstr("the network; "));
}

#endif

struct Account {
  int balance = 100;
};

// Undoes what was done to the account, unless it is told that all is well.
class Transaction {
 public:
  explicit Transaction(Account& account)
      : account_(account), before_(account) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!is_committed_) account_ = before_;
  }

  void Commit() { is_committed_ = true; }

 private:
  Account& account_;
  const Account before_;
  bool is_committed_ = false;
};

Task<absl::Status> Withdraw(Account& account, int amount,
                            Task<absl::Status> pay_out) {
  Transaction transaction(account);
  account.balance -= amount;
  co_await Try(std::move(pay_out));  // It may fail, throw, or be cancelled.
  transaction.Commit();              // Nobody comes here then.
  co_return absl::OkStatus();
}

Task<absl::Status> PayOut(absl::Duration time, absl::Status status) {
  co_await creche::SleepFor(time);
  co_return status;
}

CRECHE_TEST(ErrorsTest, TransactionsCommitWhereTheyAreTold) {
  Account account;
  auto refused = PayOut(absl::Seconds(1), absl::DataLossError("no money"));
  EXPECT_TRUE(
      absl::IsDataLoss(co_await Withdraw(account, 10, std::move(refused))));
  EXPECT_EQ(account.balance, 100);

  auto slow = Withdraw(account, 10, PayOut(absl::Hours(1), absl::OkStatus()));
  EXPECT_TRUE(creche::IsTimeout(
      co_await creche::FailAfter(absl::Seconds(1), std::move(slow))));
  EXPECT_EQ(account.balance, 100);

  CO_ASSERT_OK(co_await Withdraw(account, 10,
                                 PayOut(absl::Seconds(1), absl::OkStatus())));
  EXPECT_EQ(account.balance, 90);
}

// As std::experimental::scope_success does it. Not for coroutines of creche.
class CommitsIfNothingIsThrown {
 public:
  explicit CommitsIfNothingIsThrown(int& commits) : commits_(commits) {}
  CommitsIfNothingIsThrown(const CommitsIfNothingIsThrown&) = delete;
  CommitsIfNothingIsThrown& operator=(const CommitsIfNothingIsThrown&) = delete;
  ~CommitsIfNothingIsThrown() {
    if (std::uncaught_exceptions() == before_) ++commits_;
  }

 private:
  int& commits_;
  const int before_ = std::uncaught_exceptions();
};

CRECHE_TEST(ErrorsTest, GuardsThatCountExceptionsTakeEverythingForSuccess) {
  int commits = 0;
  auto work = [&](absl::Duration time) -> Task<absl::Status> {
    const CommitsIfNothingIsThrown guard(commits);
    co_await Try(PayOut(time, absl::DataLossError("no money")));
    co_return absl::OkStatus();
  };
  EXPECT_TRUE(creche::IsTimeout(
      co_await creche::FailAfter(absl::Seconds(1), work(absl::Hours(1)))));
  EXPECT_EQ(commits, 1) << "a cancellation";
  EXPECT_TRUE(absl::IsDataLoss(co_await work(absl::Seconds(1))));
  EXPECT_EQ(commits, 2) << "an error";
}

}  // namespace
