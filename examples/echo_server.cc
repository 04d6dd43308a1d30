// SPDX-License-Identifier: Apache-2.0
//
// A TCP server that sends back what it receives. Ctrl-C ends everything.
//
//   bazel run //examples:echo_server -- 7777
//   nc 127.0.0.1 7777

#include "examples/echo_server.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address()
            << " (Ctrl-C to stop)" << std::endl;
  co_return co_await examples::ServeEcho(std::move(listener));
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 7777;
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, static_cast<std::uint16_t>(port));
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
