// SPDX-License-Identifier: Apache-2.0
//
// Fetches many URLs: so many at a time, each with a time limit and further
// tries, and with a line that shows how far it is.
//
//   bazel run //examples:fetch_many -- http://127.0.0.1/a http://127.0.0.1/b
//   bazel run //examples:fetch_many < urls.txt
//
// With --hedge=MS, a fetch that has no answer after so many milliseconds gets a
// second request beside the first; the first answer is taken. Choose a time
// that few fetches need: what is hedged is asked twice.

#include <csignal>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"

namespace {

using creche::HttpRequest;
using creche::HttpResponse;
using creche::Nursery;
using creche::Task;
using creche::Try;

constexpr size_t kFetchesAtATime = 20;
constexpr int kTries = 3;
constexpr absl::Duration kTimeout = absl::Seconds(10);

// Whether another try may succeed.
bool IsWorthATry(const absl::StatusOr<HttpResponse>& response) {
  if (response.ok()) return response->code >= 500;
  return absl::IsUnavailable(response.status()) ||
         absl::IsDeadlineExceeded(response.status());
}

class Fetches {
 public:
  Fetches(std::vector<std::string> urls, std::optional<absl::Duration> hedge)
      : urls_(std::move(urls)), hedge_(hedge) {}

  Task<absl::Status> FetchAll() {
    auto body = [&](Nursery& nursery) -> Task<> {
      for (const std::string& url : urls_) {
        creche::CapacityToken token = co_await limiter_.Acquire();
        nursery.StartSoon(&Fetches::Fetch, this, url, std::move(token));
      }
    };
    co_return co_await creche::WithNursery(body);
  }

  void ShowProgress() const {
    std::cerr << "\r" << fetched_ << " of " << urls_.size() << " fetched, "
              << bytes_ << " bytes, " << failed_ << " failed ";
    if (hedge_.has_value()) std::cerr << "(" << hedged_ << " hedged) ";
    std::cerr << std::flush;
  }
  int failed() const { return failed_; }

 private:
  Task<> Fetch(std::string url, creche::CapacityToken /*held meanwhile*/) {
    const absl::StatusOr<HttpResponse> response = co_await WithRetries(url);
    if (!response.ok() || response->code != 200) {
      ++failed_;
      std::cout << url << ": "
                << (response.ok() ? std::to_string(response->code)
                                  : response.status().ToString())
                << "\n";
      co_return;
    }
    ++fetched_;
    bytes_ += response->body.size();
  }

  Task<absl::StatusOr<HttpResponse>> WithRetries(std::string url) {
    absl::Duration pause = absl::Milliseconds(50);
    for (int tries = 1;; ++tries) {
      absl::StatusOr<HttpResponse> response =
          co_await creche::FailAfter(kTimeout, TryOnce(url));
      if (tries == kTries || !IsWorthATry(response)) co_return response;
      co_await creche::SleepFor(pause);
      pause *= 2;
    }
  }

  Task<absl::StatusOr<HttpResponse>> TryOnce(std::string url) {
    if (hedge_.has_value()) co_return co_await Hedged(url, *hedge_);
    co_return co_await client_.Fetch(HttpRequest(url));
  }

  // The answer that comes first cancels the other request. A first request that
  // fails is not waited for.
  Task<absl::StatusOr<HttpResponse>> Hedged(std::string url,
                                            absl::Duration hedge) {
    creche::Event has_failed;
    auto first = [&]() -> Task<absl::StatusOr<HttpResponse>> {
      auto response = co_await client_.Fetch(HttpRequest(url));
      if (!response.ok()) has_failed.Set();
      co_return response;
    };
    auto second = [&]() -> Task<absl::StatusOr<HttpResponse>> {
      co_await creche::MoveOnAfter(hedge, has_failed.Wait());
      ++hedged_;
      co_return co_await client_.Fetch(HttpRequest(url));
    };
    co_return co_await creche::FirstSuccess(first, second);
  }

  const std::vector<std::string> urls_;
  const std::optional<absl::Duration> hedge_;
  creche::HttpClient client_;
  creche::CapacityLimiter limiter_{kFetchesAtATime};
  int fetched_ = 0;
  int failed_ = 0;
  int hedged_ = 0;
  size_t bytes_ = 0;
};

Task<absl::Status> Main(std::vector<std::string> urls,
                        std::optional<absl::Duration> hedge) {
  Fetches fetches(std::move(urls), hedge);
  auto show = [&]() -> Task<> {
    for (;;) {
      fetches.ShowProgress();
      co_await creche::SleepFor(absl::Milliseconds(200));
    }
  };
  auto fetch = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(show);
    co_await Try(fetches.FetchAll());
    nursery.Cancel("all are fetched");
    co_return absl::OkStatus();
  };
  co_await Try(creche::WithNursery(fetch));
  fetches.ShowProgress();
  std::cerr << std::endl;
  if (fetches.failed() > 0) co_return absl::UnknownError("some have failed");
  co_return absl::OkStatus();
}

// Takes --hedge=MS out of the arguments, if it comes first. Gives false if what
// it says is no time.
bool TakeHedge(std::vector<std::string>& arguments,
               std::optional<absl::Duration>& hedge) {
  if (arguments.empty()) return true;
  absl::string_view text = arguments.front();
  if (!absl::ConsumePrefix(&text, "--hedge=")) return true;
  int milliseconds = 0;
  if (!absl::SimpleAtoi(text, &milliseconds) || milliseconds < 0) return false;
  hedge = absl::Milliseconds(milliseconds);
  arguments.erase(arguments.begin());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> urls(argv + 1, argv + argc);
  std::optional<absl::Duration> hedge;
  if (!TakeHedge(urls, hedge)) {
    std::cerr << "usage: fetch_many [--hedge=MS] [URL...]" << std::endl;
    return 2;
  }
  std::string line;
  if (urls.empty()) {
    while (std::getline(std::cin, line)) urls.push_back(line);
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, std::move(urls), hedge);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
