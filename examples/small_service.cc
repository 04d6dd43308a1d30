// SPDX-License-Identifier: Apache-2.0
//
// A small service, with all that one needs: HTTP in; PostgreSQL and HTTP out;
// a deadline for each request; SIGTERM lets the requests that are being
// answered end; and a debug page for a browser on this machine.
//
//   bazel run //examples:small_service --
//       8080 6060 "host=localhost dbname=shop" http://localhost/prices 1000
//   curl http://127.0.0.1:8080/orders/7

#include "examples/small_service.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/debug_page/serve_debug_page.h"
#include "examples/http_server.h"

namespace {

using creche::Task;
using creche::Try;

struct Arguments {
  std::uint16_t port;
  std::uint16_t debug_page;
  std::string conninfo;
  std::string prices;
  absl::Duration deadline;
};

Task<absl::Status> StartDebugPage(creche::Nursery& nursery,
                                  std::uint16_t port) {
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "debug page: http://" << listener.local_address() << "/"
            << std::endl;
  nursery.StartSoon(creche::Named("debug page", creche::ServeDebugPage),
                    std::move(listener));
  co_return absl::OkStatus();
}

Task<absl::Status> Main(Arguments arguments) {
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", arguments.port));
  std::cout << "listening on " << listener.local_address() << std::endl;
  examples::OrderService service(std::move(arguments.conninfo),
                                 std::move(arguments.prices),
                                 arguments.deadline);
  auto answer =
      [&](examples::HttpRequest request) -> Task<examples::HttpAnswer> {
    co_return co_await service.Answer(std::move(request));
  };
  examples::HttpServer server(answer);
  auto serve = [&](creche::Nursery& nursery) -> Task<absl::Status> {
    co_await Try(StartDebugPage(nursery, arguments.debug_page));
    // An answer may come at its deadline, and has to be sent.
    const absl::Duration grace = arguments.deadline + absl::Seconds(1);
    co_return co_await server.Serve(std::move(listener), grace);
  };
  co_return co_await creche::WithNursery(serve);
}

std::uint16_t PortOf(const char* text) {
  return static_cast<std::uint16_t>(std::atoi(text));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr
        << "usage: small_service PORT DEBUG_PAGE_PORT CONNINFO PRICES_URL "
           "DEADLINE_MS"
        << std::endl;
    return 2;
  }
  Arguments arguments{PortOf(argv[1]), PortOf(argv[2]), argv[3], argv[4],
                      absl::Milliseconds(std::atoi(argv[5]))};
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status = creche::Run(options, Main, std::move(arguments));
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
