// SPDX-License-Identifier: Apache-2.0
//
// What docs/for_go_users.md shows.

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::Nursery;
using creche::Task;
using creche::Try;

Task<absl::StatusOr<std::string>> Fetch(std::string url) {
  co_await creche::SleepFor(absl::Seconds(1));
  if (url == "bad") co_return absl::NotFoundError(url);
  co_return absl::StrCat("page of ", url);
}

Task<absl::StatusOr<std::vector<std::string>>> FetchAll(
    std::vector<std::string> urls) {
  std::vector<Task<absl::StatusOr<std::string>>> fetches;
  for (const std::string& url : urls) fetches.push_back(Fetch(url));
  co_return co_await creche::WhenAll(std::move(fetches));
}

CRECHE_TEST(GoUsersTest, ErrGroup) {
  std::vector<std::string> urls = {"a", "b"};
  const auto pages = co_await FetchAll(urls);
  CO_ASSERT_OK(pages);
  EXPECT_EQ((*pages)[1], "page of b");
  urls.push_back("bad");
  const auto failed = co_await FetchAll(urls);
  EXPECT_TRUE(absl::IsNotFound(failed.status()));
}

Task<> Worker(creche::Receiver<int> jobs, creche::Sender<int> results) {
  while (std::optional<int> job = co_await jobs.Receive()) {
    co_await creche::SleepFor(absl::Milliseconds(10));
    const absl::Status sent = co_await results.Send(*job * *job);
    if (!sent.ok()) co_return;  // Nobody wants results any more.
  }
}

Task<absl::StatusOr<int>> SumOfSquares(int count) {
  auto body = [&](Nursery& nursery) -> Task<absl::StatusOr<int>> {
    auto [send_job, jobs] = creche::MakeChannel<int>(10);
    auto [send_result, results] = creche::MakeChannel<int>(10);
    for (int i = 0; i < 3; ++i) {
      nursery.StartSoon(Worker, jobs.Clone(), send_result.Clone());
    }
    send_result.Close();  // The workers have theirs.
    auto feed = [&](creche::Sender<int> out) -> Task<absl::Status> {
      for (int i = 1; i <= count; ++i) co_await Try(out.Send(i));
      co_return absl::OkStatus();
    };
    nursery.StartSoon(feed, std::move(send_job));
    int sum = 0;
    while (std::optional<int> result = co_await results.Receive()) {
      sum += *result;
    }
    co_return sum;
  };
  co_return co_await creche::WithNursery(body);
}

CRECHE_TEST(GoUsersTest, Workers) {
  const absl::StatusOr<int> sum = co_await SumOfSquares(20);
  CO_ASSERT_OK(sum);
  EXPECT_EQ(*sum, 2870);
}

Task<std::string> Dispatch(creche::Receiver<std::string>& jobs,
                           creche::Event& stop) {
  auto first = co_await creche::Select(jobs.Receive(), stop.Wait(),
                                       creche::SleepFor(absl::Seconds(5)));
  switch (first.index()) {
    case 0:
      co_return std::get<0>(first).value_or("no more jobs");
    case 1:
      co_return "stopped";
    default:
      co_return "nothing to do";
  }
}

CRECHE_TEST(GoUsersTest, Selects) {
  auto [send, jobs] = creche::MakeChannel<std::string>(1);
  creche::Event stop;
  EXPECT_EQ(co_await Dispatch(jobs, stop), "nothing to do");
  CO_ASSERT_OK(send.TrySend("a job"));
  EXPECT_EQ(co_await Dispatch(jobs, stop), "a job");
  stop.Set();
  EXPECT_EQ(co_await Dispatch(jobs, stop), "stopped");
}

creche::TaskLocal<std::string> request_id;

Task<absl::Status> Handle() {
  EXPECT_EQ(request_id.Get().value_or("none"), "request 7");
  co_return absl::OkStatus();
}

CRECHE_TEST(GoUsersTest, ContextValues) {
  const absl::Status status = co_await creche::FailAfter(
      absl::Seconds(1), request_id.With("request 7", Handle()));
  CO_ASSERT_OK(status);
}

}  // namespace
