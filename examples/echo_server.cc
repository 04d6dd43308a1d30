// SPDX-License-Identifier: Apache-2.0
//
// A TCP server that sends back what it receives. A task per connection; a
// client that says nothing for a minute is let go; Ctrl-C ends everything.
//
//   bazel run //examples:echo_server -- 7777
//   nc 127.0.0.1 7777

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> EchoUntilTheEnd(creche::TcpStream& stream) {
  char buffer[16384];
  for (;;) {
    const size_t size = co_await creche::Try(
        creche::FailAfter(absl::Minutes(1), stream.ReceiveSome(buffer)));
    if (size == 0) co_return absl::OkStatus();
    co_await creche::Try(stream.SendAll({buffer, size}));
  }
}

// Never fails: what goes wrong with one connection is not the others' business.
creche::Task<> Serve(creche::TcpStream stream) {
  const absl::Status status = co_await EchoUntilTheEnd(stream);
  if (!status.ok()) std::cerr << status << "\n";
}

creche::Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address()
            << " (Ctrl-C to stop)" << std::endl;
  co_return co_await creche::ServeTcp(std::move(listener), Serve);
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
