// SPDX-License-Identifier: Apache-2.0

#include "creche/curl/http_client.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/function.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/curl/http_client_options.h"
#include "creche/curl/http_request.h"
#include "lib/curl/curl_multi.h"
#include "lib/curl/curl_transfer.h"
#include "lib/curl/http_rules.h"
#include "lib/curl/http_target.h"

namespace creche {
namespace {

using internal::BodyMode;
using internal::CurlMulti;
using internal::CurlTransfer;
using internal::HttpTarget;

using Sink = Function<absl::Status(absl::string_view)>;

// Through a proxy, the proxy's name is the only one that has to be known here.
Task<absl::Status> ResolveNames(const HttpClientOptions& options,
                                HttpTarget& target) {
  if (options.proxy().empty()) {
    co_return co_await internal::ResolveTarget(options.resolver(), target);
  }
  HttpTarget proxy = co_await Try(internal::ParseProxy(options.proxy()));
  co_await Try(internal::ResolveTarget(options.resolver(), proxy));
  target.addresses = proxy.addresses;
  co_return absl::OkStatus();
}

// Until the transfer has ended. Without a sink there are no pieces.
Task<absl::Status> Transfer(CurlMulti& multi, CurlTransfer& transfer,
                            Sink& sink) {
  co_await Try(transfer.Start());
  for (;;) {
    co_await Try(multi.WaitForNews(transfer));
    const std::string piece = transfer.TakePiece();
    if (piece.empty()) break;
    co_await Try(sink(piece));
    transfer.GoOn();
  }
  co_return transfer.Result();
}

absl::Status TooManyRedirects(const HttpTarget& target, int limit) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "HttpClient: ", target.HostAndPort(), ": redirect: more than ", limit,
      " redirects: see HttpClientOptions"));
}

absl::Status BadRedirect(const HttpTarget& from, const absl::Status& error) {
  return absl::Status(error.code(),
                      absl::StrCat("HttpClient: ", from.HostAndPort(),
                                   ": redirect: ", error.message()));
}

// Follows redirects. (libcurl would look up their hosts itself.)
Task<absl::StatusOr<HttpResponse>> FetchTo(CurlMulti& multi,
                                           const HttpClientOptions& options,
                                           HttpRequest request, Sink sink) {
  CurlMulti::Use use(multi);
  co_await internal::BudgetedCheckpoint();
  co_await Try(multi.status());
  co_await Try(internal::CheckRequest(request));
  const BodyMode mode = sink ? BodyMode::kInPieces : BodyMode::kWhole;
  HttpTarget target = co_await Try(internal::ParseTarget(request.url()));
  for (int redirects = 0;; ++redirects) {
    co_await Try(ResolveNames(options, target));
    CurlTransfer transfer(multi, options, request, target, mode);
    co_await Try(Transfer(multi, transfer, sink));
    const std::optional<std::string> url = transfer.Redirect();
    HttpResponse response = transfer.TakeResponse();
    if (!url.has_value()) co_return response;
    if (redirects >= options.max_redirects()) {
      co_return TooManyRedirects(target, options.max_redirects());
    }
    absl::StatusOr<HttpTarget> next = internal::ParseTarget(*url);
    if (!next.ok()) co_return BadRedirect(target, next.status());
    request = internal::Redirected(request, response.code, target, *next);
    target = *std::move(next);
  }
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)),
      multi_(std::make_unique<CurlMulti>(options_.max_connections_per_host())) {
}

HttpClient::~HttpClient() = default;

Task<absl::StatusOr<HttpResponse>> HttpClient::Fetch(HttpRequest request) {
  co_return co_await FetchTo(*multi_, options_, std::move(request), Sink());
}

Task<absl::StatusOr<HttpResponse>> HttpClient::FetchStream(
    HttpRequest request, Function<absl::Status(absl::string_view)> sink) {
  co_return co_await FetchTo(*multi_, options_, std::move(request),
                             std::move(sink));
}

}  // namespace creche
