// SPDX-License-Identifier: Apache-2.0
//
// Two tasks send messages to and fro, on epoll. Prints how many there were;
// strace counts the system calls.

#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"

namespace creche {
namespace {

constexpr int kRounds = 500;

Task<absl::Status> PassOn(TcpStream stream, std::string message) {
  for (int i = 0; i < kRounds; ++i) {
    co_await Try(stream.SendAll(message));
    size_t received = 0;
    while (received < message.size()) {
      const ReceivedBlock block = co_await Try(stream.Receive());
      if (block.empty()) co_return absl::DataLossError("it has ended");
      received += block.size();
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Main(size_t size) {
  const auto address = SocketAddress::Parse("127.0.0.1", 0);
  TcpListener listener = co_await Try(ListenTcp(*address));
  auto connect = ConnectTcp("127.0.0.1", listener.port());
  TcpStream there = co_await Try(std::move(connect));
  TcpStream back = co_await Try(listener.Accept());
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(PassOn, std::move(there), std::string(size, 'x'));
    nursery.StartSoon(PassOn, std::move(back), std::string(size, 'y'));
    co_return;
  };
  co_return co_await WithNursery(body);
}

}  // namespace
}  // namespace creche

int main(int, char** argv) {
  creche::RunOptions options;
  options.backend = creche::Backend::kEpoll;
  const auto size = static_cast<size_t>(std::stoi(argv[1]));
  const absl::Status status = creche::Run(options, creche::Main, size);
  std::cerr << status << "\n";
  std::cout << "messages: " << 2 * creche::kRounds << "\n";
  return status.ok() ? 0 : 1;
}
