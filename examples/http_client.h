// SPDX-License-Identifier: Apache-2.0
//
// HttpClient: GET over HTTP/1.1, with connections that are kept.
//
//   examples::HttpClient client;
//   HttpResponse response = co_await creche::Try(creche::FailAfter(
//       absl::Seconds(10), client.Get("http://example.org/")));
//
// It knows no timeouts: whoever calls it has a deadline, or none. A request
// that is cancelled closes its connection, since nobody knows what of the
// response is still to come; the Lease sees to that.

#ifndef EXAMPLES_HTTP_CLIENT_H_
#define EXAMPLES_HTTP_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/creche.h"
#include "examples/http_response.h"
#include "examples/http_url.h"

namespace examples {

class HttpClient {
 public:
  explicit HttpClient(creche::PoolOptions options = creche::PoolOptions())
      : options_(options) {}
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Follows redirects. Any number of tasks at a time.
  // Cancellation: safe.
  // Errors: those of HttpUrl, ConnectTcp() and ReadHttpResponse().
  //   kResourceExhausted: too many redirects.
  creche::Task<absl::StatusOr<HttpResponse>> Get(std::string url) {
    HttpUrl at = co_await creche::Try(HttpUrl::Parse(url));
    for (int i = 0; i <= kMaxRedirects; ++i) {
      HttpResponse response = co_await creche::Try(GetOnce(at));
      if (!IsRedirect(response.code)) co_return response;
      const std::string* location = response.headers.Find("location");
      if (location == nullptr || location->empty()) {
        co_return Malformed("a redirect to nowhere");
      }
      at = co_await creche::Try(at.Resolve(*location));
    }
    co_return absl::ResourceExhaustedError(
        absl::StrCat("too many redirects, the last one to ", at.ToString()));
  }

  int connections_opened() const { return connections_opened_; }

 private:
  static constexpr int kMaxRedirects = 5;

  struct Connection {
    explicit Connection(creche::TcpStream s)
        : stream(std::make_unique<creche::TcpStream>(std::move(s))),
          reader(*stream) {}

    std::unique_ptr<creche::TcpStream> stream;  // Stays where it is.
    creche::BufferedReader<creche::TcpStream> reader;
    bool was_used = false;
  };
  using Pool = creche::Pool<Connection>;

  static bool IsRedirect(int code) {
    return code == 301 || code == 302 || code == 303 || code == 307 ||
           code == 308;
  }

  // A server may close an idle connection at any time. That is no error of this
  // request, which has no effects: it takes the next connection, in the end a
  // new one.
  creche::Task<absl::StatusOr<HttpResponse>> GetOnce(const HttpUrl& url) {
    Pool& pool = PoolFor(url);
    for (;;) {
      Pool::Lease lease = co_await creche::Try(pool.Borrow());
      const bool was_used = std::exchange(lease->was_used, true);
      absl::StatusOr<HttpResponse> response = co_await Exchange(*lease, url);
      if (response.ok()) {
        if (response->keep_alive && lease->reader.unread().empty()) {
          lease.Return();
        }
        co_return response;
      }
      const bool was_closed = creche::IsEndOfStream(response.status()) ||
                              creche::IsBrokenResource(response.status());
      if (!was_used || !was_closed) co_return response;
    }
  }

  static creche::Task<absl::StatusOr<HttpResponse>> Exchange(
      Connection& connection, const HttpUrl& url) {
    const std::string request = absl::StrCat(
        "GET ", url.target(), " HTTP/1.1\r\nHost: ", url.authority(),
        "\r\nUser-Agent: creche-example\r\n\r\n");
    co_await creche::Try(connection.stream->SendAll(request));
    co_return co_await ReadHttpResponse(connection.reader);
  }

  Pool& PoolFor(const HttpUrl& url) {
    std::unique_ptr<Pool>& pool = pools_[url.authority()];
    if (pool == nullptr) {
      auto connect =
          [this, host = url.host(),
           port = url.port()]() -> creche::Task<absl::StatusOr<Connection>> {
        creche::TcpStream stream =
            co_await creche::Try(creche::ConnectTcp(host, port));
        ++connections_opened_;
        co_return Connection(std::move(stream));
      };
      pool = std::make_unique<Pool>(std::move(connect), options_);
    }
    return *pool;
  }

  const creche::PoolOptions options_;
  int connections_opened_ = 0;
  std::map<std::string, std::unique_ptr<Pool>> pools_;  // By authority.
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_CLIENT_H_
