// SPDX-License-Identifier: Apache-2.0
//
// A chat room: what one says, all others read. Ctrl-C ends everything.
//
//   bazel run //examples:chat_server -- 7777
//   nc 127.0.0.1 7777          (the first line is your name)

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"
#include "examples/chat_room.h"

namespace {

creche::Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address() << std::endl;
  examples::ChatRoom room;
  co_return co_await room.Serve(std::move(listener));
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
