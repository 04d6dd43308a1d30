// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/curl/ and docs/http.md, compiled.

#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "creche/curl/http_client_options.h"
#include "creche/curl/http_request.h"

namespace {

[[maybe_unused]] creche::Task<absl::Status> HttpClientExample() {
  creche::HttpClient client;
  creche::HttpResponse page = co_await creche::Try(creche::FailAfter(
      absl::Seconds(5),
      client.Fetch(creche::HttpRequest("https://example.org/"))));
  co_return page.code == 200 ? absl::OkStatus() : absl::UnknownError("no page");
}

[[maybe_unused]] void HttpClientOptionsExample() {
  creche::HttpClientOptions options;
  options.set_max_body(1 << 20).set_max_redirects(0);
  creche::HttpClient client(options);
}

[[maybe_unused]] void HttpRequestExample() {
  creche::HttpRequest request("https://example.org/orders");
  request.set_method("POST").set_body(R"({"item": 7})");
  request.add_header("Content-Type", "application/json");
}

// docs/http.md

[[maybe_unused]] creche::Task<absl::Status> StreamExample(
    creche::HttpClient& client, creche::File& file) {
  auto save = [&](absl::string_view piece) -> creche::Task<absl::Status> {
    co_return co_await file.Write(piece);
  };
  creche::HttpRequest request("https://example.org/large");
  auto fetching = client.FetchStream(request, save);
  creche::HttpResponse head = co_await creche::Try(std::move(fetching));
  std::cout << head.code;
  co_return absl::OkStatus();
}

}  // namespace
