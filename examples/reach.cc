// SPDX-License-Identifier: Apache-2.0
//
// Which of these servers can be reached? All are tried at once; each has 2 s.
//
//   bazel run //examples:reach -- localhost:22 localhost:80

#include <cstdint>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Connect(std::string server) {
  const size_t colon = server.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string::npos ||
      !absl::SimpleAtoi(server.substr(colon + 1), &port) || port > 65535) {
    co_return absl::InvalidArgumentError("not HOST:PORT");
  }
  creche::TcpStream stream = co_await creche::Try(creche::ConnectTcp(
      server.substr(0, colon), static_cast<std::uint16_t>(port)));
  co_return absl::OkStatus();
}

// Never fails: that one server is down is no reason to leave the others alone.
creche::Task<> Report(std::string server) {
  const absl::Status status =
      co_await creche::FailAfter(absl::Seconds(2), Connect(server));
  std::cout << server << ": " << (status.ok() ? "yes" : status.ToString())
            << std::endl;
}

creche::Task<absl::Status> Main(int argc, char** argv) {
  auto all = [&](creche::Nursery& nursery) -> creche::Task<> {
    for (int i = 1; i < argc; ++i) nursery.StartSoon(Report, argv[i]);
    co_return;
  };
  co_return co_await creche::WithNursery(all);
}

}  // namespace

int main(int argc, char** argv) {
  const absl::Status status = creche::Run(Main, argc, argv);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
