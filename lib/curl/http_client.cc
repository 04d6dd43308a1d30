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
#include "creche/core/nursery.h"
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

using OnHead = Function<absl::Status(HttpResponse)>;
using Sink = Function<absl::Status(absl::string_view)>;

// Who gets the response as it comes. Without a sink, it is kept.
struct Takers {
  Takers(OnHead on_head, Sink sink)
      : on_head(std::move(on_head)), sink(std::move(sink)) {}

  OnHead on_head;
  Sink sink;
};

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
Task<absl::Status> Receive(CurlMulti& multi, CurlTransfer& transfer,
                           const Takers& takers) {
  for (;;) {
    co_await Try(multi.WaitUntil(transfer, &CurlTransfer::has_news));
    if (transfer.has_head()) {
      HttpResponse head = transfer.TakeHead();
      if (takers.on_head) co_await Try(takers.on_head(std::move(head)));
    }
    if (transfer.is_refused()) transfer.StopSending();
    const std::string piece = transfer.TakePiece();
    if (!piece.empty()) {
      co_await Try(takers.sink(piece));
      transfer.GoOn();
    } else if (transfer.is_done()) {
      co_return transfer.Result();
    }
  }
}

// The body of the request, as fast as it can be sent.
Task<absl::Status> SendBody(CurlMulti& multi, CurlTransfer& transfer,
                            const HttpRequest::BodySource& source) {
  for (bool is_end = false; !is_end;) {
    co_await Try(multi.WaitUntil(transfer, &CurlTransfer::wants_body));
    if (transfer.is_done()) break;
    std::optional<std::string> piece = co_await Try(source());
    is_end = !piece.has_value();
    transfer.Send(std::move(piece));
  }
  co_return absl::OkStatus();
}

// Both directions at once: a server may answer before it has been told all.
Task<absl::Status> Transfer(CurlMulti& multi, CurlTransfer& transfer,
                            const HttpRequest& request, const Takers& takers) {
  co_await Try(transfer.Start());
  if (!request.body_source()) {
    co_return co_await Receive(multi, transfer, takers);
  }
  auto both = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      co_return co_await SendBody(multi, transfer, request.body_source());
    });
    co_await Try(Receive(multi, transfer, takers));
    nursery.Cancel("the server has answered");
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(both);
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

// Where the response sends to.
absl::StatusOr<HttpTarget> RedirectTarget(const HttpTarget& from,
                                          const std::string& url,
                                          const HttpRequest& request,
                                          int code) {
  if (request.body_source() && !internal::BecomesGet(request, code)) {
    return BadRedirect(from, absl::FailedPreconditionError(
                                 "the request's body came in pieces, and "
                                 "cannot be sent again"));
  }
  absl::StatusOr<HttpTarget> target = internal::ParseTarget(url);
  if (!target.ok()) return BadRedirect(from, target.status());
  return target;
}

// Follows redirects. (libcurl would look up their hosts itself.)
Task<absl::StatusOr<HttpResponse>> FetchTo(CurlMulti& multi,
                                           const HttpClientOptions& options,
                                           HttpRequest request, Takers takers) {
  CurlMulti::Use use(multi);
  co_await internal::BudgetedCheckpoint();
  co_await Try(multi.status());
  co_await Try(internal::CheckRequest(request));
  const BodyMode mode = takers.sink ? BodyMode::kInPieces : BodyMode::kWhole;
  HttpTarget target = co_await Try(multi.origins().ParseTarget(request.url()));
  for (int redirects = 0;; ++redirects) {
    co_await Try(ResolveNames(options, target));
    CurlTransfer transfer(multi, options, request, target, mode);
    co_await Try(Transfer(multi, transfer, request, takers));
    const std::optional<std::string> url = transfer.Redirect();
    HttpResponse response = transfer.TakeResponse();
    if (!url.has_value()) co_return response;
    if (redirects >= options.max_redirects()) {
      co_return TooManyRedirects(target, options.max_redirects());
    }
    HttpTarget next =
        co_await Try(RedirectTarget(target, *url, request, response.code));
    request = internal::Redirected(request, response.code, target, next);
    target = std::move(next);
  }
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)),
      multi_(std::make_unique<CurlMulti>(options_.max_connections_per_host())) {
}

HttpClient::~HttpClient() = default;

Task<absl::StatusOr<HttpResponse>> HttpClient::Fetch(HttpRequest request) {
  Takers takers(OnHead{}, Sink{});
  co_return co_await FetchTo(*multi_, options_, std::move(request),
                             std::move(takers));
}

Task<absl::StatusOr<HttpResponse>> HttpClient::FetchStream(HttpRequest request,
                                                           Sink sink) {
  Takers takers(OnHead(), std::move(sink));
  co_return co_await FetchTo(*multi_, options_, std::move(request),
                             std::move(takers));
}

Task<absl::StatusOr<HttpResponse>> HttpClient::FetchStream(HttpRequest request,
                                                           OnHead on_head,
                                                           Sink sink) {
  Takers takers(std::move(on_head), std::move(sink));
  co_return co_await FetchTo(*multi_, options_, std::move(request),
                             std::move(takers));
}

}  // namespace creche
