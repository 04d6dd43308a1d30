// SPDX-License-Identifier: Apache-2.0
//
// A server, hundreds of clients, and things that go wrong: ./dev demo

#include <csignal>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::Task;
using creche::Try;

// Sends back what it receives, until the client has enough or goes away.
Task<> Echo(creche::TcpStream stream) {
  char buffer[4096];
  for (;;) {
    const absl::StatusOr<size_t> size = co_await stream.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) co_return;
    (co_await stream.SendAll({buffer, *size})).IgnoreError();
  }
}

Task<absl::Status> AskOnce(creche::SocketAddress server, std::string question) {
  auto stream = co_await Try(creche::ConnectTcp(server));
  co_await Try(stream.SendAll(question));
  creche::BufferedReader reader(stream);
  const auto answer = co_await Try(reader.ReadExactly(question.size()));
  if (answer != question) co_return absl::DataLossError("a wrong answer");
  co_return absl::OkStatus();
}

Task<absl::Status> ManyClients(creche::SocketAddress server) {
  std::cout << "1. 300 clients ask at once; they have 2 s.\n";
  const absl::Time start = creche::Now();
  std::vector<Task<absl::Status>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(AskOnce(server, absl::StrCat("hello ", i)));
  }
  const auto answers = co_await Try(
      creche::FailAfter(absl::Seconds(2), creche::WhenAll(std::move(clients))));
  std::cout << "   " << answers.size() << " of 300 clients have their answer"
            << ", after " << creche::Now() - start << ".\n";
  co_return absl::OkStatus();
}

Task<absl::Status> StuckClient(creche::SocketAddress server) {
  std::cout << "2. A client waits for an answer to nothing; it has 300 ms.\n";
  creche::TcpStream stream = co_await Try(creche::ConnectTcp(server));
  char buffer[1];
  const absl::Status status = co_await creche::FailAfter(
      absl::Milliseconds(300), stream.ReceiveExactly(buffer));
  std::cout << "   the stuck client was removed: " << status << "\n";
  co_return absl::OkStatus();
}

Task<> FailureTakesSiblingsDown(creche::SocketAddress server) {
  std::cout << "3. Three clients talk without end; then their nursery fails.\n";
  const auto alive = std::make_shared<int>();  // Each sibling has a copy.
  auto talk = [&](std::shared_ptr<int>) -> Task<absl::Status> {
    for (;;) {
      co_await Try(AskOnce(server, "still there?"));
      co_await creche::SleepFor(absl::Milliseconds(10));
    }
  };
  auto body = [&](creche::Nursery& nursery) -> Task<absl::Status> {
    for (int i = 0; i < 3; ++i) nursery.StartSoon(talk, alive);
    co_await creche::SleepFor(absl::Milliseconds(200));
    co_return absl::DataLossError("the disk is full");
  };
  std::cout << "   the nursery ended with: "
            << co_await creche::WithNursery(body) << "\n   "
            << alive.use_count() - 1
            << " of its 3 siblings are still running\n";
}

Task<absl::Status> Main() {
  auto listener = co_await Try(creche::ListenTcp("127.0.0.1", 0));
  const creche::SocketAddress address = listener.local_address();
  std::cout << "An echo server listens on " << address << ".\n";
  auto serve = [&]() -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(listener), Echo);
  };
  auto scenes = [&](creche::Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    co_await Try(ManyClients(address));
    co_await Try(StuckClient(address));
    co_await FailureTakesSiblingsDown(address);
    std::cout << "4. Press Ctrl-C for a clean stop, or wait 3 s." << std::endl;
    co_await creche::SleepFor(absl::Seconds(3));
    nursery.Cancel("the show is over");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(scenes);
}

}  // namespace

int main() {
  const auto open_descriptors = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const auto before = open_descriptors();
  const absl::Status status =
      creche::Run({.cancel_on_signals = {SIGINT, SIGTERM}}, Main);
  std::cout << "The run has ended: " << status << "\n"
            << "Descriptors open: " << before << " before the run, "
            << open_descriptors() << " now\n";
  return status.ok() || absl::IsCancelled(status) ? 0 : 1;
}
