// SPDX-License-Identifier: Apache-2.0
//
// What structured concurrency does for a network program, in four scenes and
// one process: a server, hundreds of clients, and things that go wrong.
//
//   ./dev demo

#include <csignal>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace {

using creche::Nursery;
using creche::Task;
using creche::Try;

// Sends back what it receives, until the client has enough or goes away.
Task<> Echo(creche::TcpStream stream) {
  char buffer[4096];
  for (;;) {
    const absl::StatusOr<size_t> size = co_await stream.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) co_return;
    if (!(co_await stream.SendAll({buffer, *size})).ok()) co_return;
  }
}

Task<absl::Status> AskOnce(creche::SocketAddress server, std::string question) {
  creche::TcpStream stream = co_await Try(creche::ConnectTcp(server));
  co_await Try(stream.SendAll(question));
  std::string answer(question.size(), '\0');
  co_await Try(stream.ReceiveExactly(absl::MakeSpan(answer)));
  if (answer != question) co_return absl::DataLossError("a wrong answer");
  co_return absl::OkStatus();
}

Task<absl::Status> ManyClients(creche::SocketAddress server) {
  std::cout << "1. 300 clients ask at once, each with a deadline of 2 s.\n";
  int answered = 0;
  const absl::Time start = creche::Now();
  auto client = [&](int number) -> Task<absl::Status> {
    co_await Try(creche::FailAfter(
        absl::Seconds(2), AskOnce(server, absl::StrCat("hello ", number))));
    ++answered;
    co_return absl::OkStatus();
  };
  auto clients = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 300; ++i) nursery.StartSoon(client, i);
    co_return;
  };
  co_await Try(creche::WithNursery(clients));
  std::cout << "   " << answered << " of 300 clients have their answer, after "
            << absl::FormatDuration(
                   absl::Trunc(creche::Now() - start, absl::Milliseconds(1)))
            << ".\n";
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
  std::cout << "3. Three clients talk without end; the fourth task fails.\n";
  const auto alive = std::make_shared<int>();  // Each sibling has a copy.
  auto talk = [&](int number, std::shared_ptr<int>) -> Task<absl::Status> {
    for (;;) {
      co_await Try(AskOnce(server, absl::StrCat("still there? ", number)));
      co_await creche::SleepFor(absl::Milliseconds(10));
    }
  };
  auto fail = [&]() -> Task<absl::Status> {
    co_await creche::SleepFor(absl::Milliseconds(200));
    co_return absl::DataLossError("the disk is full");
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < 3; ++i) nursery.StartSoon(talk, i, alive);
    nursery.StartSoon(fail);
    co_return;
  };
  const absl::Status status = co_await creche::WithNursery(body);
  std::cout << "   the nursery ended with: " << status << "\n   "
            << alive.use_count() - 1
            << " of its 3 siblings are still running\n";
}

Task<absl::Status> Main() {
  creche::TcpListener listener =
      co_await Try(creche::ListenTcp("127.0.0.1", 0));
  const creche::SocketAddress address = listener.local_address();
  std::cout << "An echo server listens on " << address << ".\n";
  auto serve = [&]() -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(listener), Echo);
  };
  auto scenes = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    co_await Try(ManyClients(address));
    co_await Try(StuckClient(address));
    co_await FailureTakesSiblingsDown(address);
    std::cout << "4. Press Ctrl-C for a clean stop, or wait 3 s for the end."
              << std::endl;
    co_await creche::SleepFor(absl::Seconds(3));
    nursery.Cancel("the show is over");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(scenes);
}

std::ptrdiff_t OpenDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

}  // namespace

int main() {
  const std::ptrdiff_t before = OpenDescriptors();
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status = creche::Run(options, Main);
  std::cout << "The run has ended: " << status << "\n"
            << "Descriptors open: " << before << " before the run, "
            << OpenDescriptors() << " now\n";
  return status.ok() || absl::IsCancelled(status) ? 0 : 1;
}
