// SPDX-License-Identifier: Apache-2.0
//
// HttpServer: answers GETs over HTTP/1.1, also if some of its clients are slow,
// silent, or read nothing.
//
//   auto respond = [](examples::HttpRequest request)
//       -> creche::Task<examples::HttpAnswer> { co_return request.target; };
//   examples::HttpServer server(respond);
//   co_return co_await server.Serve(std::move(listener));

#ifndef EXAMPLES_HTTP_SERVER_H_
#define EXAMPLES_HTTP_SERVER_H_

#include <cstddef>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/drain.h"
#include "examples/http_request.h"
#include "examples/wait_limit.h"

namespace examples {

struct HttpAnswer {
  // Not explicit: a text is an answer.
  HttpAnswer(  // NOLINT(google-explicit-constructor)
      std::string text, std::string status = "200 OK")
      : text(std::move(text)), status(std::move(status)) {}

  std::string text;
  std::string status;
};

class HttpServer {
 public:
  // Makes an answer. How long that may take is its own affair.
  using Respond = creche::Function<HttpAnswer(HttpRequest)>;

  explicit HttpServer(Respond respond, std::size_t max_connections = 1000)
      : respond_(std::move(respond)),
        max_connections_(max_connections),
        waits_(max_connections, kMaxWait) {}

  // Until it is cancelled; the requests that are being answered then get
  // `grace`, while clients that have no request are let go at once. Once a
  // server.
  creche::Task<absl::Status> Serve(creche::TcpListener listener,
                                   absl::Duration grace = absl::Seconds(1)) {
    auto serve_one = [this](creche::TcpStream stream) -> creche::Task<> {
      const absl::Status status = co_await Converse(stream);
      if (!status.ok()) std::cerr << status << "\n";
    };
    // One more than is waited for: the one who takes another's place.
    auto options = creche::ServeOptions()
                       .set_max_connections(max_connections_ + 1)
                       .set_grace(grace);
    co_return co_await ServeAndDrain(std::move(listener), serve_one, options,
                                     draining_);
  }

 private:
  static constexpr absl::Duration kMaxWait = absl::Seconds(10);

  creche::Task<absl::Status> Converse(creche::TcpStream& stream) {
    co_await creche::Try(AnswerRequests(stream));
    co_return co_await waits_.For(EndAnswers(stream));
  }

  // Until the client sends no more, or something that is no request.
  creche::Task<absl::Status> AnswerRequests(creche::TcpStream& stream) {
    creche::BufferedReader reader(stream);
    for (bool keep_alive = true; keep_alive;) {
      auto [read, end] = co_await creche::Race(
          waits_.For(ReadHttpRequest(reader)), draining_.Wait());
      if (!read.has_value()) co_return absl::OkStatus();
      absl::StatusOr<HttpRequest> request = *std::move(read);
      if (creche::IsEndOfStream(request.status())) co_return absl::OkStatus();
      if (absl::IsDataLoss(request.status()) ||
          absl::IsResourceExhausted(request.status())) {
        HttpAnswer wrong(absl::StrCat(request.status().message(), "\n"),
                         "400 Bad Request");
        co_return co_await Send(stream, std::move(wrong), false);
      }
      co_await creche::Try(request.status());
      const bool may_go_on = request->keep_alive;
      HttpAnswer answer = co_await respond_(*std::move(request));
      keep_alive = may_go_on && !draining_.is_set();
      co_await creche::Try(Send(stream, std::move(answer), keep_alive));
    }
    co_return absl::OkStatus();
  }

  creche::Task<absl::Status> Send(creche::TcpStream& stream, HttpAnswer answer,
                                  bool keep_alive) {
    const std::string response = absl::StrCat(
        "HTTP/1.1 ", answer.status, "\r\nContent-Length: ", answer.text.size(),
        "\r\nContent-Type: text/plain\r\n",
        keep_alive ? "" : "Connection: close\r\n", "\r\n", answer.text);
    co_return co_await waits_.For(SendText(stream, response));
  }

  const Respond respond_;
  const std::size_t max_connections_;
  WaitLimit waits_;
  creche::Event draining_;
};

}  // namespace examples

#endif  // EXAMPLES_HTTP_SERVER_H_
