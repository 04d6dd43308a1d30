// SPDX-License-Identifier: Apache-2.0
//
// What docs/faq.md shows.

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::IsOk;
using creche::Nursery;
using creche::Task;
using creche::Try;

Task<absl::StatusOr<std::string>> Fetch(std::string url) {
  co_await creche::SleepFor(absl::Seconds(1));
  co_return "page of " + url;
}

// g++ 12: what has a destructor and is written inside of a co_await expression
// must not be a closure or an aggregate; so it gets a name first.
CRECHE_TEST(FaqTest, NameTheClosure) {
  const std::string url = "http://example.org/";
  auto fetch = [url]() -> Task<absl::StatusOr<std::string>> {
    co_return co_await Fetch(url);
  };
  const auto page = co_await creche::FailAfter(absl::Seconds(5), fetch);
  CO_ASSERT_OK(page);
}

struct Urls {
  std::string first;
  std::string second;
};

Task<absl::StatusOr<std::string>> FetchBoth(Urls urls) {
  std::string page = co_await Try(Fetch(urls.first));
  co_return page + co_await Try(Fetch(urls.second));
}

// Nor aggregates: FetchBoth({"http://x/", "http://y/"}) would destroy the
// strings twice.
CRECHE_TEST(FaqTest, NameTheAggregate) {
  Urls urls = {"http://x/", "http://y/"};
  const auto pages = co_await FetchBoth(std::move(urls));
  CO_ASSERT_OK(pages);
}

// Arguments instead of captures: no closure at all.
CRECHE_TEST(FaqTest, PassArguments) {
  const auto page =
      co_await creche::FailAfter(absl::Seconds(5), Fetch("http://x/"));
  CO_ASSERT_OK(page);
}

// A lambda that returns a Task is itself a coroutine.
CRECHE_TEST(FaqTest, LambdasAreCoroutines) {
  auto fetch = []() -> Task<absl::StatusOr<std::string>> {
    co_return co_await Fetch("http://x/");
  };
  const absl::StatusOr<std::string> page = co_await fetch();
  CO_ASSERT_OK(page);
}

// What children refer to is outside of the nursery.
CRECHE_TEST(FaqTest, ChildrenReferToWhatIsOutside) {
  int pages = 0;
  auto fetch_one = [&](std::string url) -> Task<absl::Status> {
    co_await Try(Fetch(url));
    ++pages;
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    const std::string host = "http://x/";  // May go before the children do.
    for (int i = 0; i < 3; ++i) nursery.StartSoon(fetch_one, host);
    co_return;
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  EXPECT_EQ(pages, 3);
}

// Instead of std::function<Task<...>()>.
class Job {
 public:
  virtual ~Job() = default;
  virtual Task<absl::Status> Run() = 0;
};

class FetchJob : public Job {
 public:
  explicit FetchJob(std::string url) : url_(std::move(url)) {}
  Task<absl::Status> Run() override {
    page_ = co_await Try(Fetch(url_));
    co_return absl::OkStatus();
  }

 private:
  const std::string url_;
  std::string page_;
};

CRECHE_TEST(FaqTest, JobsInsteadOfFunctions) {
  FetchJob job("http://x/");
  Job& any = job;
  const absl::Status status = co_await any.Run();
  CO_ASSERT_OK(status);
}

Task<absl::StatusOr<int>> Work(int part) {
  co_await creche::Checkpoint();
  co_return part* part;
}

TEST(FaqTest, ARunPerThread) {
  std::vector<absl::StatusOr<int>> results(4);
  std::vector<std::thread> threads;
  for (int part = 0; part < 4; ++part) {
    threads.emplace_back(
        [part, &results] { results[part] = creche::Run(Work, part); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*results[3], 9);
}

}  // namespace
