// SPDX-License-Identifier: Apache-2.0
//
// A load balancer for TCP. With --debug-page=PORT a browser on this machine
// sees what it is doing.
//
//   bazel run //examples:proxy -- 8080 127.0.0.1:8081 127.0.0.1:8082
//   bazel run //examples:proxy -- --debug-page=6060 8080 127.0.0.1:8081

#include "examples/proxy.h"

#include <csignal>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "creche/creche.h"
#include "creche/debug_page/serve_debug_page.h"

namespace {

struct Arguments {
  std::uint16_t port = 8080;
  std::optional<std::uint16_t> debug_page;
  std::vector<examples::Server> servers;
};

std::uint16_t PortOf(absl::string_view text) {
  int port = 0;
  return absl::SimpleAtoi(text, &port) ? static_cast<std::uint16_t>(port) : 0;
}

Arguments Parse(const std::vector<absl::string_view>& words) {
  Arguments arguments;
  bool has_port = false;
  for (absl::string_view word : words) {
    const size_t colon = word.rfind(':');
    if (absl::ConsumePrefix(&word, "--debug-page=")) {
      arguments.debug_page = PortOf(word);
    } else if (!std::exchange(has_port, true)) {
      arguments.port = PortOf(word);
    } else if (colon != absl::string_view::npos) {
      arguments.servers.push_back(
          {std::string(word.substr(0, colon)), PortOf(word.substr(colon + 1))});
    }
  }
  return arguments;
}

creche::Task<absl::Status> StartDebugPage(creche::Nursery& nursery,
                                          std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "debug page: http://" << listener.local_address() << "/"
            << std::endl;
  nursery.StartSoon(creche::Named("debug page", creche::ServeDebugPage),
                    std::move(listener));
  co_return absl::OkStatus();
}

creche::Task<absl::Status> Main(Arguments arguments) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", arguments.port));
  std::cout << "listening on " << listener.local_address() << std::endl;
  examples::Proxy proxy(std::move(arguments.servers), examples::ProxyLimits());
  auto serve = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
    if (arguments.debug_page.has_value()) {
      auto starting = StartDebugPage(nursery, *arguments.debug_page);
      co_await creche::Try(std::move(starting));
    }
    auto serving = proxy.Serve(std::move(listener));
    co_return co_await std::move(serving);
  };
  co_return co_await creche::WithNursery(serve);
}

}  // namespace

int main(int argc, char** argv) {
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, Parse({argv + 1, argv + argc}));
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
