// SPDX-License-Identifier: Apache-2.0
//
// Sends a line to a server and prints the line that it answers, all within 2 s.
//
//   echo "I am nc" | nc -l -N 127.0.0.1 7777 &
//   bazel run //examples:ask -- 127.0.0.1 7777 "Who are you?"

#include <cstdint>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Ask(std::string host, std::uint16_t port,
                               std::string question) {
  creche::TcpStream stream =
      co_await creche::Try(creche::ConnectTcp(host, port));
  co_await creche::Try(stream.SendAll(question + "\n"));
  creche::BufferedReader reader(stream);
  const std::string answer = co_await creche::Try(reader.ReadLine());
  std::cout << answer << std::endl;
  co_return absl::OkStatus();
}

creche::Task<absl::Status> Main(std::string host, std::uint16_t port,
                                std::string question) {
  co_return co_await creche::FailAfter(absl::Seconds(2),
                                       Ask(host, port, question));
}

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t port = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &port) || port > 65535) {
    std::cerr << "usage: ask HOST PORT QUESTION" << std::endl;
    return 2;
  }
  const absl::Status status =
      creche::Run(Main, argv[1], static_cast<std::uint16_t>(port), argv[3]);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
