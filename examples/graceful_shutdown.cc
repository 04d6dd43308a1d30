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
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::Task;
using creche::Try;

constexpr absl::Duration kWork = absl::Seconds(1);
constexpr absl::Duration kRequestTimeout = absl::Seconds(5);

Task<absl::Status> Answer(creche::TcpStream& stream, std::string request) {
  std::cout << "working on: " << request << std::endl;
  co_await creche::SleepFor(kWork);
  const std::string answer = absl::StrCat("done: ", request, "\n");
  co_await Try(stream.SendAll(answer));
  std::cout << "answered: " << request << std::endl;
  co_return absl::OkStatus();
}

// The whole of a graceful shutdown: what waits for a request can be cancelled,
// what answers one is shielded. Whatever is shielded needs a limit of its own,
// or it could hold up the shutdown for ever. (ServeOptions::set_grace() is for
// servers that cannot tell the two apart: it gives all handlers more time.)
Task<absl::Status> ServeRequests(creche::TcpStream& stream) {
  creche::BufferedReader reader(stream);
  for (;;) {
    absl::StatusOr<std::string> request = co_await reader.ReadLine(1000);
    if (creche::IsEndOfStream(request.status())) co_return absl::OkStatus();
    co_await Try(request.status());
    co_await Try(creche::Shield(creche::FailAfter(
        kRequestTimeout, Answer(stream, *std::move(request)))));
  }
}

Task<> Serve(creche::TcpStream stream) {
  const absl::Status status = co_await ServeRequests(stream);
  if (!status.ok()) std::cerr << status << std::endl;
}

Task<absl::Status> Main(std::uint16_t port) {
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address() << std::endl;
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
