// SPDX-License-Identifier: Apache-2.0
//
// Fetches pages over HTTP/1.1, one after the other, over connections that are
// kept; each page has 10 s in all, redirects, name lookup and connecting
// included.
//
//   bazel run //examples:http_get -- http://example.org/

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/http_client.h"

namespace {

creche::Task<absl::Status> Main(std::vector<std::string> urls,
                                absl::Duration timeout) {
  examples::HttpClient client;
  for (const std::string& url : urls) {
    examples::HttpResponse response =
        co_await creche::Try(creche::FailAfter(timeout, client.Get(url)));
    std::cerr << url << ": " << response.code << ", " << response.body.size()
              << " bytes, connections opened so far: "
              << client.connections_opened() << std::endl;
    std::cout << response.body << std::flush;
    if (response.code != 200) {
      co_return absl::NotFoundError(
          absl::StrCat(url, ": the server says ", response.code));
    }
  }
  co_return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: http_get URL...\n";
    return 2;
  }
  const char* timeout = std::getenv("HTTP_GET_TIMEOUT_MS");
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status = creche::Run(
      options, Main, std::vector<std::string>(argv + 1, argv + argc),
      absl::Milliseconds(timeout != nullptr ? std::atoi(timeout) : 10000));
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
