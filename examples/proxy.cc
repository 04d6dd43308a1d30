// SPDX-License-Identifier: Apache-2.0
//
// A load balancer for TCP.
//
//   bazel run //examples:proxy -- 8080 127.0.0.1:8081 127.0.0.1:8082

#include "examples/proxy.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Main(std::uint16_t port,
                                std::vector<examples::Server> servers) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address() << std::endl;
  examples::Proxy proxy(std::move(servers), examples::ProxyLimits());
  auto serving = proxy.Serve(std::move(listener));
  co_return co_await std::move(serving);
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
  std::vector<examples::Server> servers;
  for (int i = 2; i < argc; ++i) {
    const std::string server = argv[i];
    const size_t colon = server.rfind(':');
    if (colon == std::string::npos) continue;
    servers.push_back(
        {server.substr(0, colon),
         static_cast<std::uint16_t>(std::atoi(server.c_str() + colon + 1))});
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, static_cast<std::uint16_t>(port), servers);
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
