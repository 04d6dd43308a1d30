// SPDX-License-Identifier: Apache-2.0
//
// A forward proxy on loopback: HTTP, and tunnels for everything else. Ctrl-C
// lets what is under way end.
//
//   bazel run //examples:http_proxy -- 8080
//   curl -x http://127.0.0.1:8080 http://example.org/

#include "examples/http_proxy.h"

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
  examples::HttpProxy proxy;
  co_return co_await proxy.Serve(std::move(listener));
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
