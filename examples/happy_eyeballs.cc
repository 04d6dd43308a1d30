// SPDX-License-Identifier: Apache-2.0
//
// Happy Eyeballs (RFC 8305) in forty lines: of several addresses, connect to
// the first that answers, without waiting long for any. ConnectTcp() does this
// already; here it shows what a nursery is good for.
//
//   bazel run //examples:happy_eyeballs

#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

using creche::Nursery;
using creche::SocketAddress;
using creche::Task;
using creche::TcpListener;
using creche::TcpStream;
using creche::Try;

void Say(absl::Time start, const std::string& what) {
  std::cout << "  " << (creche::Now() - start) / absl::Milliseconds(1)
            << " ms: " << what << std::endl;
}

// Tries the addresses in their order. The next one begins when the one before
// has failed, or after `patience` beside it.
Task<absl::StatusOr<TcpStream>> ConnectToAny(
    std::vector<SocketAddress> addresses, absl::Duration patience) {
  const absl::Time start = creche::Now();
  std::optional<TcpStream> winner;
  std::vector<absl::Status> errors;
  auto attempts = [&](Nursery& nursery) -> Task<> {
    auto attempt = [&](SocketAddress address,
                       std::shared_ptr<creche::Event> has_failed) -> Task<> {
      Say(start, absl::StrCat("trying ", address.ToString()));
      absl::StatusOr<TcpStream> stream = co_await creche::ConnectTcp(address);
      if (stream.ok()) {
        // Ends the others. One that connects in the same moment comes here,
        // too, and its connection is closed.
        if (!winner.has_value()) winner = *std::move(stream);
        nursery.Cancel("connected");
      } else {
        Say(start, absl::StrCat(address.ToString(),
                                " failed: ", stream.status().message()));
        errors.push_back(stream.status());
        has_failed->Set();
      }
    };
    for (const SocketAddress& address : addresses) {
      const auto has_failed = std::make_shared<creche::Event>();
      nursery.StartSoon(attempt, address, has_failed);
      co_await creche::MoveOnAfter(patience, has_failed->Wait());
    }
  };
  co_await Try(creche::WithNursery(attempts));
  // Here every attempt has ended.
  if (!winner.has_value()) co_return creche::GroupErrors(std::move(errors));
  co_return *std::move(winner);
}

Task<absl::StatusOr<TcpListener>> Listen(std::string host, int backlog) {
  creche::ListenOptions options;
  options.set_backlog(backlog);
  co_return co_await creche::ListenTcp(std::move(host), 0, options);
}

Task<absl::Status> Main() {
  // Nobody listens at the first address any more. The second is silent, as if
  // behind a bad firewall: its queue is full. The third works.
  TcpListener closed = co_await Try(Listen("127.0.0.2", 1));
  const SocketAddress refuses = closed.local_address();
  closed.Close();
  TcpListener full = co_await Try(Listen("127.0.0.3", 0));
  TcpStream only_place = co_await Try(creche::ConnectTcp(full.local_address()));
  TcpListener works = co_await Try(Listen("127.0.0.4", 10));

  const absl::Time start = creche::Now();
  std::vector<SocketAddress> addresses = {refuses, full.local_address(),
                                          works.local_address()};
  TcpStream stream = co_await Try(creche::FailAfter(
      absl::Seconds(5),
      ConnectToAny(std::move(addresses), absl::Milliseconds(250))));
  const SocketAddress peer = co_await Try(stream.peer_address());
  Say(start, absl::StrCat("connected to ", peer.ToString()));
  co_return absl::OkStatus();
}

std::ptrdiff_t OpenDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

}  // namespace

int main() {
  const std::ptrdiff_t before = OpenDescriptors();
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  std::cout << "descriptors left: " << OpenDescriptors() - before << std::endl;
  return status.ok() ? 0 : 1;
}
