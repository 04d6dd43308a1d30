// SPDX-License-Identifier: Apache-2.0
//
// HttpServer: answers GETs over HTTP/1.1, also if some of its clients are slow,
// silent, or read nothing.
//
//   examples::HttpServer server(
//       [](const examples::HttpRequest& request) { return request.target; });
//   co_return co_await server.Serve(std::move(listener));

#ifndef EXAMPLES_HTTP_SERVER_H_
#define EXAMPLES_HTTP_SERVER_H_

#include <cstddef>
#include <functional>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/http_request.h"
#include "examples/wait_limit.h"

namespace examples {

class HttpServer {
 public:
  // Makes the text of an answer.
  using Respond = std::function<std::string(const HttpRequest&)>;

  explicit HttpServer(Respond respond, std::size_t max_connections = 1000)
      : respond_(std::move(respond)),
        max_connections_(max_connections),
        waits_(max_connections, kMaxWait) {}

  // Until it is cancelled; the requests that are being answered then get a
  // little time. Once a server.
  creche::Task<absl::Status> Serve(creche::TcpListener listener) {
    auto serve_one = [this](creche::TcpStream stream) -> creche::Task<> {
      const absl::Status status = co_await Converse(stream);
      if (!status.ok()) std::cerr << status << "\n";
    };
    // One more than is waited for: the one who takes another's place.
    auto options = creche::ServeOptions()
                       .set_max_connections(max_connections_ + 1)
                       .set_grace(absl::Seconds(1));
    co_return co_await creche::ServeTcp(std::move(listener), serve_one,
                                        options);
  }

 private:
  static constexpr absl::Duration kMaxWait = absl::Seconds(10);

  creche::Task<absl::Status> Converse(creche::TcpStream& stream) {
    co_await creche::Try(AnswerRequests(stream));
    // To close a connection with bytes that nobody has read resets it, and the
    // client may then lose the last answer. So it may finish.
    co_await creche::Try(stream.SendEof());
    co_return co_await waits_.For(Ignore(stream));
  }

  // Until the client sends no more, or something that is no request.
  creche::Task<absl::Status> AnswerRequests(creche::TcpStream& stream) {
    creche::BufferedReader reader(stream);
    for (bool keep_alive = true; keep_alive;) {
      const absl::StatusOr<HttpRequest> request =
          co_await waits_.For(ReadHttpRequest(reader));
      if (creche::IsEndOfStream(request.status())) co_return absl::OkStatus();
      if (absl::IsDataLoss(request.status()) ||
          absl::IsResourceExhausted(request.status())) {
        const std::string why = absl::StrCat(request.status().message(), "\n");
        co_return co_await Send(stream, "400 Bad Request", why, false);
      }
      co_await creche::Try(request.status());
      keep_alive = request->keep_alive;
      co_await creche::Try(
          Send(stream, "200 OK", respond_(*request), keep_alive));
    }
    co_return absl::OkStatus();
  }

  creche::Task<absl::Status> Send(creche::TcpStream& stream, std::string status,
                                  std::string text, bool keep_alive) {
    const std::string response =
        absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", text.size(),
                     "\r\nContent-Type: text/plain\r\n",
                     keep_alive ? "" : "Connection: close\r\n", "\r\n", text);
    co_return co_await waits_.For(SendAll(stream, response));
  }

  static creche::Task<absl::Status> SendAll(creche::TcpStream& stream,
                                            std::string data) {
    co_return co_await stream.SendAll(data);
  }

  // Receives until the client has ended.
  static creche::Task<absl::Status> Ignore(creche::TcpStream& stream) {
    char buffer[4096];
    while (co_await creche::Try(stream.ReceiveSome(buffer)) > 0) continue;
    co_return absl::OkStatus();
  }

  const Respond respond_;
  const std::size_t max_connections_;
  WaitLimit waits_;
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_SERVER_H_
