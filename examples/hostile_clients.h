// SPDX-License-Identifier: Apache-2.0
//
// For the tests of servers: clients that do what no good client does, over a
// network that is simulated, in virtual time.

#ifndef EXAMPLES_HOSTILE_CLIENTS_H_
#define EXAMPLES_HOSTILE_CLIENTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/simulated_network.h"

namespace examples {

// Connects, and says nothing.
inline creche::Task<absl::StatusOr<creche::TcpStream>> Connect(
    std::uint16_t port) {
  co_return co_await creche::ConnectTcp("127.0.0.1", port);
}

// So many of them.
inline creche::Task<absl::StatusOr<std::vector<creche::TcpStream>>> ConnectMany(
    std::uint16_t port, int count) {
  std::vector<creche::TcpStream> streams;
  for (int i = 0; i < count; ++i) {
    streams.push_back(co_await creche::Try(Connect(port)));
  }
  co_return streams;
}

// Everything that comes until the server ends the connection, in whatever way.
inline creche::Task<std::string> ReceiveAll(creche::TcpStream& stream) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const absl::StatusOr<size_t> size = co_await stream.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) co_return all;
    all.append(buffer, *size);
  }
}

// What comes back for `text` when no more is to come from this side.
inline creche::Task<absl::StatusOr<std::string>> Exchange(std::uint16_t port,
                                                          std::string text) {
  creche::TcpStream stream = co_await creche::Try(Connect(port));
  co_await creche::Try(stream.SendAll(text));
  co_await creche::Try(stream.SendEof());
  co_return co_await ReceiveAll(stream);
}

// Sends `text`, as far as it is wanted, and is gone.
inline creche::Task<absl::Status> SendAndLeave(std::uint16_t port,
                                               std::string text) {
  creche::TcpStream stream = co_await creche::Try(Connect(port));
  (co_await stream.SendAll(text)).IgnoreError();
  co_return absl::OkStatus();
}

// A byte a second. Gives how long the server was so patient.
inline creche::Task<absl::StatusOr<absl::Duration>> SendSlowly(
    std::uint16_t port, std::string text) {
  creche::TcpStream stream = co_await creche::Try(Connect(port));
  const absl::Time start = creche::Now();
  for (const char& c : text) {
    const absl::Status sent = co_await stream.SendAll({&c, 1});
    if (!sent.ok()) break;
    co_await creche::SleepFor(absl::Seconds(1));
  }
  co_return creche::Now() - start;
}

// Sends `text` for ever and reads nothing. Gives how long the server was so
// patient.
inline creche::Task<absl::StatusOr<absl::Duration>> SendAndReadNothing(
    std::uint16_t port, std::string text) {
  creche::TcpStream stream = co_await creche::Try(Connect(port));
  const absl::Time start = creche::Now();
  for (;;) {
    const absl::Status sent = co_await stream.SendAll(text);
    if (!sent.ok()) co_return creche::Now() - start;
  }
}

// Runs `serve(listener)`, a server, and beside it `talk(port)`, its clients.
template <typename Serve, typename Talk>
absl::Status RunServer(Serve serve, Talk talk) {
  auto main = [&]() -> creche::Task<absl::Status> {
    creche::TcpListener listener =
        co_await creche::Try(creche::ListenTcp("127.0.0.1", 0));
    const std::uint16_t port = listener.port();
    // The network sees that a descriptor was closed when something happens.
    auto tick = []() -> creche::Task<> {
      for (;;) co_await creche::SleepFor(absl::Milliseconds(100));
    };
    auto body = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
      nursery.StartSoon(tick);
      nursery.StartSoon(serve, std::move(listener));
      co_await creche::Try(talk(port));
      nursery.Cancel("the clients have done their worst");
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(body);
  };
  // Little fits into this network, so that clients which read nothing are soon
  // noticed.
  creche::SimulatedNetwork network({.window = 2000});
  return creche::Run({.clock = &network.clock(), .port = &network.port()},
                     main);
}

}  // namespace examples

#endif  // EXAMPLES_HOSTILE_CLIENTS_H_
