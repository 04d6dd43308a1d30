// SPDX-License-Identifier: Apache-2.0
//
// HttpClient: HTTP/1.1 and HTTP/2, by libcurl.
//
//   creche::HttpClient client;
//   creche::HttpResponse page = co_await creche::Try(creche::FailAfter(
//       absl::Seconds(5),
//       client.Fetch(creche::HttpRequest("https://example.org/"))));
//
// A target of its own, @creche//:curl, that needs libcurl.

#ifndef CRECHE_CURL_HTTP_CLIENT_H_
#define CRECHE_CURL_HTTP_CLIENT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/core/function.h"
#include "creche/core/task.h"
#include "creche/curl/http_client_options.h"
#include "creche/curl/http_request.h"
#include "creche/curl/internal/forward.h"

namespace creche {

// Any number of fetches at a time, of tasks of one run. They share connections,
// which are kept open until the client is destroyed. It must outlive its
// fetches: to destroy it while one is under way aborts.
//
// Only http and https are spoken, after redirects, too. A redirect to another
// host, port or scheme is not given the request's Authorization and Cookie.
// There is no time limit: deadlines come from scopes.
//
// Errors name the host, the port and the phase. kInvalidArgument: the URL, or
//   something else in the request or the options. kNotFound and others: as the
//   Resolver says. kUnavailable: refused, reset, or no proper HTTP.
//   kUnauthenticated: a certificate. kResourceExhausted: a limit of the
//   options, or no descriptor. kDataLoss: compressed data that is none.
//   kFailedPrecondition: a redirect wants a body again that came in pieces.
class HttpClient {
 public:
  // Opens nothing yet. What is wrong in `options` is said by each fetch.
  explicit HttpClient(HttpClientOptions options = HttpClientOptions());
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // Sends the request and gives the whole response.
  // Cancellation: safe. Nothing of the transfer is left; the server may have
  //   seen the request. Other fetches go on.
  // Errors: see above.
  Task<absl::StatusOr<HttpResponse>> Fetch(HttpRequest request);

  // The same, but each piece of the body is given to sink(piece), which returns
  // a Task<absl::Status>; the piece is valid until that is done. While it
  // waits, the server is held back. The response's body is empty. The body of a
  // redirect that is followed is not given.
  // Cancellation: same as of Fetch(); the sink may have seen some of the body.
  // Errors: those of Fetch(), and the first error of the sink, as it is: that
  //   ends the fetch.
  Task<absl::StatusOr<HttpResponse>> FetchStream(
      HttpRequest request, Function<absl::Status(absl::string_view)> sink);

  // The same, and before the first piece, on_head(head), which returns a
  // Task<absl::Status>, is given the response without its body: it comes as
  // soon as the server has sent that much. on_head() is not called if the fetch
  // fails before; while it waits, the server is held back.
  // Cancellation: same as of FetchStream() without it.
  // Errors: those of FetchStream(), and on_head()'s, as the sink's.
  Task<absl::StatusOr<HttpResponse>> FetchStream(
      HttpRequest request, Function<absl::Status(HttpResponse)> on_head,
      Function<absl::Status(absl::string_view)> sink);

 private:
  const HttpClientOptions options_;
  const std::unique_ptr<internal::CurlMulti> multi_;
};

}  // namespace creche

#endif  // CRECHE_CURL_HTTP_CLIENT_H_
