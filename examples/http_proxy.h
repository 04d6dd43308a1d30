// SPDX-License-Identifier: Apache-2.0
//
// HttpProxy: a forward proxy. Requests with a whole URL go out by HttpClient,
// in pieces both ways; CONNECT makes a tunnel.
//
//   examples::HttpProxy proxy;
//   co_return co_await proxy.Serve(std::move(listener));
//
// Who can connect to it reaches whatever this machine reaches: so let it listen
// on loopback only.

#ifndef EXAMPLES_HTTP_PROXY_H_
#define EXAMPLES_HTTP_PROXY_H_

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "examples/drain.h"
#include "examples/http_proxy_answer.h"
#include "examples/http_proxy_request.h"
#include "examples/relay.h"
#include "examples/wait_limit.h"

namespace examples {

// How patient the proxy is, and with how many.
struct HttpProxyLimits {
  // For the head of a request.
  absl::Duration request_timeout = absl::Seconds(10);
  absl::Duration connect_timeout = absl::Seconds(5);
  // How long nothing may move: before the head of an answer, or afterwards.
  absl::Duration idle_timeout = absl::Seconds(30);
  size_t max_connections = 1000;
  // How long what is under way may go on at the end.
  absl::Duration grace = absl::Seconds(10);
};

class HttpProxy {
 public:
  explicit HttpProxy(HttpProxyLimits limits = HttpProxyLimits())
      : limits_(limits),
        waits_(limits.max_connections, limits.request_timeout),
        client_(ClientOptions(limits)) {}

  // Until it is cancelled; what is under way then gets the grace. Once a proxy.
  creche::Task<absl::Status> Serve(creche::TcpListener listener) {
    auto handler = [this](creche::TcpStream client) -> creche::Task<> {
      // What goes wrong with one connection is its own affair.
      auto conversation = Converse(std::move(client));
      (co_await std::move(conversation)).IgnoreError();
    };
    // One more than is waited for: the one who takes another's place.
    auto options = creche::ServeOptions()
                       .set_max_connections(limits_.max_connections + 1)
                       .set_grace(limits_.grace);
    co_return co_await ServeAndDrain(std::move(listener), handler, options,
                                     draining_);
  }

 private:
  using Reader = creche::BufferedReader<creche::TcpStream>;
  using Body = HttpRequestBody<creche::TcpStream>;

  // A client that reads slowly holds its server back, and must not hold up
  // others that ask the same one: each may have a connection.
  static creche::HttpClientOptions ClientOptions(
      const HttpProxyLimits& limits) {
    return creche::HttpClientOptions()
        .set_max_redirects(0)
        .set_max_body(std::numeric_limits<size_t>::max())
        .set_max_connections_per_host(limits.max_connections + 1);
  }

  creche::Task<absl::Status> Converse(creche::TcpStream client) {
    Reader reader(client);
    for (bool keep_alive = true; keep_alive;) {
      auto [read, end] = co_await creche::Race(
          waits_.For(ReadProxyRequest(reader)), draining_.Wait());
      if (!read.has_value() || creche::IsEndOfStream(read->status())) break;
      if (absl::IsDataLoss(read->status()) ||
          absl::IsResourceExhausted(read->status())) {
        co_await creche::Try(Refuse(client, "400 Bad Request", read->status()));
        break;
      }
      const ProxyRequest request = co_await creche::Try(*std::move(read));
      if (request.is_connect()) {
        const std::string early(reader.unread());
        co_return co_await Tunnel(std::move(client), request, early);
      }
      keep_alive = co_await creche::Try(Forward(client, reader, request));
    }
    co_return co_await waits_.For(EndAnswers(client));
  }

  // Gives whether the client may ask again.
  creche::Task<absl::StatusOr<bool>> Forward(creche::TcpStream& client,
                                             Reader& reader,
                                             const ProxyRequest& request) {
    Body body(reader, request);
    ProxyAnswer answer(client, request);
    creche::CancelScope idle(
        creche::CancelScopeOptions{.timeout = limits_.idle_timeout});
    auto fetch = Fetch(client, request, body, answer, idle);
    const auto fetched = co_await idle.Run(std::move(fetch));
    const absl::Status status =
        fetched.value_or(absl::DeadlineExceededError("nothing moves"));
    if (!status.ok()) {
      if (answer.has_begun()) co_return status;  // The answer resets.
      co_await creche::Try(Refuse(client, LineFor(status), status));
      co_return false;
    }
    co_return KeepsAlive(request) && body.is_at_end() &&
        answer.ends_by_itself();
  }

  // From the server to the client, and back. Each step puts off the deadline of
  // `idle`.
  creche::Task<absl::Status> Fetch(creche::TcpStream& client,
                                   const ProxyRequest& request, Body& body,
                                   ProxyAnswer& answer,
                                   creche::CancelScope& idle) {
    auto put_off = [&] {
      idle.set_deadline(creche::Now() + limits_.idle_timeout);
    };
    auto on_head =
        [&](creche::HttpResponse head) -> creche::Task<absl::Status> {
      co_await creche::Try(answer.Begin(std::move(head), KeepsAlive(request)));
      put_off();
      co_return absl::OkStatus();
    };
    auto take = [&](absl::string_view piece) -> creche::Task<absl::Status> {
      co_await creche::Try(answer.Send(piece));
      put_off();
      co_return absl::OkStatus();
    };
    bool wants_leave = request.headers.HasWord("expect", "100-continue");
    auto source =
        [&]() -> creche::Task<absl::StatusOr<std::optional<std::string>>> {
      if (std::exchange(wants_leave, false) && !answer.has_begun()) {
        co_await creche::Try(client.SendAll("HTTP/1.1 100 Continue\r\n\r\n"));
      }
      auto piece = co_await body.Next();
      put_off();
      co_return piece;
    };
    creche::HttpRequest asked = RequestToServer(request);
    if (!body.is_at_end()) asked.set_body_source(source);
    auto fetching = client_.FetchStream(std::move(asked), on_head, take);
    co_await creche::Try(std::move(fetching));
    co_return co_await answer.End();
  }

  // Copies bytes both ways.
  creche::Task<absl::Status> Tunnel(creche::TcpStream client,
                                    const ProxyRequest& request,
                                    std::string early) {
    auto connect = creche::FailAfter(
        limits_.connect_timeout,
        creche::ConnectTcp(request.url.host(), request.url.port()));
    absl::StatusOr<creche::TcpStream> server = co_await std::move(connect);
    if (!server.ok()) {
      const absl::Status& why = server.status();
      co_await creche::Try(Refuse(client, LineFor(why), why));
      co_return co_await waits_.For(EndAnswers(client));
    }
    RelayedPair pair(std::move(client), *std::move(server));
    co_await creche::Try(
        waits_.For(SendText(pair.client, "HTTP/1.1 200 \r\n\r\n")));
    // A client may speak before it is told to.
    co_await creche::Try(waits_.For(SendText(pair.server, early)));
    co_return co_await RelayBoth(pair, limits_.idle_timeout);
  }

  creche::Task<absl::Status> Refuse(creche::TcpStream& client,
                                    absl::string_view line, absl::Status why) {
    const std::string text = absl::StrCat(
        "HTTP/1.1 ", line, "\r\nContent-Length: ", why.message().size() + 1,
        "\r\nContent-Type: text/plain\r\n"
        "Connection: close\r\n\r\n",
        why.message(), "\n");
    co_return co_await waits_.For(SendText(client, text));
  }

  static absl::string_view LineFor(const absl::Status& error) {
    if (absl::IsDeadlineExceeded(error)) return "504 Gateway Timeout";
    if (absl::IsInvalidArgument(error)) return "400 Bad Request";
    return "502 Bad Gateway";
  }

  bool KeepsAlive(const ProxyRequest& request) const {
    return request.keep_alive() && !draining_.is_set();
  }

  // Uncompressed: HttpClient would unpack it, and a part of a file (Range)
  // would be no archive.
  static creche::HttpRequest RequestToServer(const ProxyRequest& request) {
    creche::HttpRequest asked(request.url.ToString());
    asked.set_method(request.method);
    const std::string* listed = request.headers.Find("connection");
    const std::string connection = listed != nullptr ? *listed : "";
    for (const auto& [name, value] : request.headers.values()) {
      if (IsForNeighbour(name, connection) || name == "host" ||
          name == "accept-encoding") {
        continue;
      }
      asked.add_header(name, value);
    }
    asked.add_header("Accept-Encoding", "identity");
    asked.add_header("Via", "1.1 creche");
    return asked;
  }

  const HttpProxyLimits limits_;
  WaitLimit waits_;
  creche::HttpClient client_;
  creche::Event draining_;
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_PROXY_H_
