// SPDX-License-Identifier: Apache-2.0
//
// A small HTTP server: says hello to whoever asks, and counts. A client that
// takes more than ten seconds for a request is let go; Ctrl-C lets the requests
// that are being answered end.
//
//   bazel run //examples:http_server -- 8080
//   curl http://127.0.0.1:8080/world

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

struct Request {
  std::string path;
  bool keep_alive = true;
};

using Reader = creche::BufferedReader<creche::TcpStream>;

// Without a body, which a GET has not.
creche::Task<absl::StatusOr<Request>> ReadRequest(Reader& reader) {
  const std::string first = co_await creche::Try(reader.ReadLine(8192));
  const std::vector<std::string> words = absl::StrSplit(first, ' ');
  if (words.size() != 3 || words[0] != "GET") {
    co_return absl::InvalidArgumentError("not a GET request");
  }
  Request request;
  request.path = words[1];
  request.keep_alive = words[2] == "HTTP/1.1";
  for (int headers = 0; headers < 100; ++headers) {
    const std::string header = co_await creche::Try(reader.ReadLine(8192));
    if (header.empty()) co_return request;
    if (absl::EqualsIgnoreCase(header, "connection: close")) {
      request.keep_alive = false;
    }
  }
  co_return absl::InvalidArgumentError("too many headers");
}

std::string Response(absl::string_view status, absl::string_view body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(),
                      "\r\nContent-Type: text/plain\r\n\r\n", body);
}

creche::Task<absl::Status> Answer(creche::TcpStream& stream, int& count) {
  Reader reader(stream);
  for (bool keep_alive = true; keep_alive;) {
    auto read = ReadRequest(reader);
    const absl::StatusOr<Request> request =
        co_await creche::FailAfter(absl::Seconds(10), std::move(read));
    if (creche::IsEndOfStream(request.status())) co_return absl::OkStatus();
    if (!request.ok()) {
      (co_await stream.SendAll(Response("400 Bad Request", "What?\n")))
          .IgnoreError();
      co_return request.status();
    }
    keep_alive = request->keep_alive;
    const std::string response =
        Response("200 OK", absl::StrCat("Hello, ", request->path.substr(1),
                                        "! You are number ", ++count, ".\n"));
    co_await creche::Try(stream.SendAll(response));
  }
  co_return absl::OkStatus();
}

creche::Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address()
            << " (Ctrl-C to stop)" << std::endl;
  int count = 0;
  auto serve = [&](creche::TcpStream stream) -> creche::Task<> {
    const absl::Status status = co_await Answer(stream, count);
    if (!status.ok()) std::cerr << status << "\n";
  };
  co_return co_await creche::ServeTcp(
      std::move(listener), serve,
      creche::ServeOptions().set_max_connections(1000).set_grace(
          absl::Seconds(1)));
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, static_cast<std::uint16_t>(port));
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
