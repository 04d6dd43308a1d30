// SPDX-License-Identifier: Apache-2.0
//
// A small HTTP server: says hello to whoever asks, and counts. A client that
// takes more than ten seconds for a request, or to read an answer, is let go;
// Ctrl-C lets the requests that are being answered end.
//
//   bazel run //examples:http_server -- 8080
//   curl http://127.0.0.1:8080/world

#include "examples/http_server.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address()
            << " (Ctrl-C to stop)" << std::endl;
  int count = 0;
  auto greet =
      [&](examples::HttpRequest request) -> creche::Task<examples::HttpAnswer> {
    co_return absl::StrCat("Hello, ", request.target.substr(1),
                           "! You are number ", ++count, ".\n");
  };
  examples::HttpServer server(greet);
  co_return co_await server.Serve(std::move(listener));
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
