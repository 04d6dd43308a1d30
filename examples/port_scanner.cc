// SPDX-License-Identifier: Apache-2.0
//
// Which TCP ports of a machine are open? Many attempts at a time, but no more
// than the limit, each with a timeout.
//
//   bazel run //examples:port_scanner -- HOST FIRST LAST
//
// Without arguments it scans the neighbourhood of a listener of its own.

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::SocketAddress;
using creche::Task;
using creche::Try;

constexpr size_t kLimit = 64;
constexpr absl::Duration kTimeout = absl::Milliseconds(500);

struct Ports {
  int first = 0;
  int last = 0;
};

Task<absl::Status> Scan(SocketAddress host, Ports ports) {
  creche::CapacityLimiter limiter(kLimit);
  size_t most = 0;
  std::vector<int> open;
  auto probe = [&](SocketAddress address, creche::CapacityToken) -> Task<> {
    most = std::max(most, limiter.borrowed());
    const auto stream =
        co_await creche::FailAfter(kTimeout, creche::ConnectTcp(address));
    if (!stream.ok()) co_return;  // Closed, filtered, or not there.
    open.push_back(address.port());
    std::cout << address << " is open" << std::endl;
  };
  auto all = [&](creche::Nursery& nursery) -> Task<> {
    for (int port = ports.first; port <= ports.last; ++port) {
      host.set_port(static_cast<std::uint16_t>(port));
      // Waits here, so that tasks are made no faster than they end. The token
      // goes with the task and comes back when that ends, however it does.
      creche::CapacityToken token = co_await limiter.Acquire();
      nursery.StartSoon(probe, host, std::move(token));
    }
  };
  co_await Try(creche::WithNursery(all));
  std::cout << open.size() << " open of " << ports.last - ports.first + 1
            << ", never more than " << most << " at a time" << std::endl;
  co_return absl::OkStatus();
}

Task<absl::Status> ScanHost(std::string host, Ports ports) {
  std::vector<SocketAddress> addresses =
      co_await Try(creche::Resolve(std::move(host)));
  co_return co_await Scan(addresses.front(), ports);
}

Task<absl::Status> ScanOneself() {
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", 0));
  const int port = listener.port();
  // Nothing else is on this side of it: 127.0.0.1 has other programs, too.
  Ports ports;
  ports.first = std::max(1, port - 100);
  ports.last = port;
  co_return co_await Scan(listener.local_address(), ports);
}

}  // namespace

int main(int argc, char** argv) {
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  absl::Status status;
  if (argc == 1) {
    status = creche::Run(options, ScanOneself);
  } else if (argc == 4) {
    Ports ports;
    ports.first = std::clamp(std::atoi(argv[2]), 1, 65535);
    ports.last = std::clamp(std::atoi(argv[3]), 1, 65535);
    status = creche::Run(options, ScanHost, std::string(argv[1]), ports);
  } else {
    status = absl::InvalidArgumentError("usage: port_scanner HOST FIRST LAST");
  }
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
