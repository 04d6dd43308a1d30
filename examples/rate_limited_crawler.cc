// SPDX-License-Identifier: Apache-2.0
//
// Fetches a page and all of its server that can be reached from it: several at
// a time, but only so many a second, with a line that shows how far it is.
//
//   bazel run //examples:rate_limited_crawler -- http://127.0.0.1/ 20

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/http_client.h"

namespace {

using creche::Nursery;
using creche::Task;
using creche::Try;
using examples::HttpResponse;
using examples::HttpUrl;

constexpr size_t kPagesAtATime = 4;
constexpr size_t kMaxPages = 10000;  // A server may make up links without end.

// Lets one task through every `interval`; who comes first goes first.
class Pacer {
 public:
  explicit Pacer(absl::Duration interval) : interval_(interval) {}

  Task<> WaitForTurn() {
    creche::LockGuard guard = co_await lock_.Acquire();
    co_await creche::SleepUntil(next_);
    next_ = creche::Now() + interval_;
  }

 private:
  const absl::Duration interval_;
  absl::Time next_ = absl::InfinitePast();
  creche::Lock lock_;
};

class Crawler {
 public:
  Crawler(HttpUrl start, double pages_a_second)
      : start_(std::move(start)), pacer_(absl::Seconds(1) / pages_a_second) {}

  // Fetches everything. A nursery's children may start further ones, and it
  // ends when there are none: nobody needs to count what is still to do.
  Task<absl::Status> Crawl() {
    auto first = [&](Nursery& nursery) -> Task<> {
      Visit(nursery, start_);
      co_return;
    };
    co_return co_await creche::WithNursery(first);
  }

  void ShowProgress() const {
    std::cout << "\r" << fetched_ << " of " << seen_.size() << " pages, "
              << bytes_ << " bytes, " << failed_ << " failed " << std::flush;
  }

 private:
  // Has a page fetched, in a task of its own, unless that has been done.
  void Visit(Nursery& nursery, const HttpUrl& url) {
    if (url.authority() != start_.authority()) return;
    if (seen_.size() == kMaxPages) return;
    if (!seen_.insert(url.ToString()).second) return;
    nursery.StartSoon(&Crawler::Fetch, this, std::ref(nursery), url);
  }

  // A page that fails is counted; the others go on.
  Task<> Fetch(Nursery& nursery, HttpUrl url) {
    creche::CapacityToken token = co_await limiter_.Acquire();
    co_await pacer_.WaitForTurn();
    const absl::StatusOr<HttpResponse> page = co_await creche::FailAfter(
        absl::Seconds(5), client_.Get(url.ToString()));
    if (!page.ok() || page->code != 200) {
      ++failed_;
      co_return;
    }
    ++fetched_;
    bytes_ += page->body.size();
    const std::string* type = page->headers.Find("content-type");
    if (type != nullptr && absl::StartsWith(*type, "text/html")) {
      VisitLinks(nursery, url, page->body);
    }
  }

  void VisitLinks(Nursery& nursery, const HttpUrl& base,
                  absl::string_view html) {
    constexpr absl::string_view kLink = "href=\"";
    for (size_t at = html.find(kLink); at != absl::string_view::npos;
         at = html.find(kLink, at)) {
      at += kLink.size();
      const absl::StatusOr<HttpUrl> url =
          base.Resolve(html.substr(at, html.find('"', at) - at));
      if (url.ok()) Visit(nursery, *url);
    }
  }

  const HttpUrl start_;
  Pacer pacer_;
  creche::CapacityLimiter limiter_{kPagesAtATime};
  examples::HttpClient client_;
  std::set<std::string> seen_;
  int fetched_ = 0;
  int failed_ = 0;
  size_t bytes_ = 0;
};

Task<absl::Status> Main(std::string url, double pages_a_second) {
  HttpUrl start = co_await Try(HttpUrl::Parse(url));
  Crawler crawler(std::move(start), pages_a_second);
  auto show = [&]() -> Task<> {
    for (;;) {
      crawler.ShowProgress();
      co_await creche::SleepFor(absl::Milliseconds(200));
    }
  };
  auto crawl = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(show);
    co_await Try(crawler.Crawl());
    nursery.Cancel("all pages are there");
    co_return absl::OkStatus();
  };
  co_await Try(creche::WithNursery(crawl));
  crawler.ShowProgress();
  std::cout << std::endl;
  co_return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atof(argv[2]) <= 0) {
    std::cerr << "usage: rate_limited_crawler URL PAGES-A-SECOND\n";
    return 2;
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, std::string(argv[1]), std::atof(argv[2]));
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
