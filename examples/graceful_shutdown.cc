// SPDX-License-Identifier: Apache-2.0
//
// A server that stops as users wish it would. On SIGTERM it accepts no more and
// closes idle connections at once; a request that is being answered is
// finished, if that does not take too long; then the process ends. A second
// signal ends it at once.
//
//   bazel run //examples:graceful_shutdown -- 7777
//   nc 127.0.0.1 7777          (each line is a request; its answer takes 1 s)

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"
#include "examples/graceful_server.h"

namespace {

creche::Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address() << std::endl;
  co_return co_await examples::ServeGracefully(std::move(listener));
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
