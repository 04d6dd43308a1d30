// SPDX-License-Identifier: Apache-2.0

#include "benchmarks/peers/creche/server.h"

#include <cstdio>
#include <iostream>
#include <utility>

#include "creche/creche.h"

namespace creche::benchmarks {
namespace {

Task<absl::Status> EchoUntilTheEnd(TcpStream& stream) {
  for (;;) {
    const ReceivedBlock block = co_await Try(stream.Receive());
    if (block.empty()) co_return absl::OkStatus();
    co_await Try(stream.SendAll(block.view()));
  }
}

// The load ends its connections as it likes.
Task<> Echo(TcpStream stream) {
  const absl::Status status = co_await EchoUntilTheEnd(stream);
  status.IgnoreError();
}

Task<absl::Status> CloseAll(TcpListener& listener) {
  for (;;) {
    TcpStream stream = co_await Try(listener.Accept());
  }
}

Task<absl::Status> Main(bool echo) {
  const auto address = SocketAddress::Parse("127.0.0.1", 0);
  TcpListener listener = co_await Try(ListenTcp(*address));
  std::printf("listening\t%d\n", listener.port());
  std::fflush(stdout);
  if (echo) co_return co_await ServeTcp(std::move(listener), Echo);
  co_return co_await CloseAll(listener);
}

}  // namespace

int Serve(bool echo) {
  const absl::Status status = Run(Main, echo);
  std::cerr << status << "\n";
  return 1;
}

}  // namespace creche::benchmarks
