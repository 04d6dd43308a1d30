// SPDX-License-Identifier: Apache-2.0
//
// Fetches many URLs: so many at a time, each with a time limit and further
// tries, and with a line that shows how far it is.
//
//   bazel run //examples:fetch_many -- http://127.0.0.1/a http://127.0.0.1/b
//   bazel run //examples:fetch_many < urls.txt

#include <csignal>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  explicit Fetches(std::vector<std::string> urls) : urls_(std::move(urls)) {}

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
              << bytes_ << " bytes, " << failed_ << " failed " << std::flush;
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
      HttpRequest request(url);
      absl::StatusOr<HttpResponse> response =
          co_await creche::FailAfter(kTimeout, client_.Fetch(request));
      if (tries == kTries || !IsWorthATry(response)) co_return response;
      co_await creche::SleepFor(pause);
      pause *= 2;
    }
  }

  const std::vector<std::string> urls_;
  creche::HttpClient client_;
  creche::CapacityLimiter limiter_{kFetchesAtATime};
  int fetched_ = 0;
  int failed_ = 0;
  size_t bytes_ = 0;
};

Task<absl::Status> Main(std::vector<std::string> urls) {
  Fetches fetches(std::move(urls));
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

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> urls(argv + 1, argv + argc);
  std::string line;
  if (urls.empty()) {
    while (std::getline(std::cin, line)) urls.push_back(line);
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status = creche::Run(options, Main, std::move(urls));
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
