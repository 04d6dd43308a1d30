// SPDX-License-Identifier: Apache-2.0
//
// A load balancer for TCP: each connection goes to the next server that takes
// it. Whatever goes wrong on one side is told to the other by a reset: an
// answer that was cut off must not look like a whole one.

#ifndef CRECHE_EXAMPLES_PROXY_H_
#define CRECHE_EXAMPLES_PROXY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace examples {

struct Server {
  std::string host;
  std::uint16_t port;
};

// How patient the proxy is, and with how many.
struct ProxyLimits {
  absl::Duration connect_timeout = absl::Seconds(2);
  // How long nothing may move, in either direction.
  absl::Duration idle_timeout = absl::Minutes(1);
  size_t max_connections = 1000;
  // How long those that are under way may go on at the end.
  absl::Duration grace = absl::Seconds(10);
};

class Proxy {
 public:
  Proxy(std::vector<Server> servers, ProxyLimits limits)
      : servers_(std::move(servers)), limits_(limits) {}

  // Serves until it is cancelled, and then those it has for the grace.
  creche::Task<absl::Status> Serve(creche::TcpListener listener) {
    auto handler = [this](creche::TcpStream client) -> creche::Task<> {
      // What goes wrong with one connection is its own affair.
      auto relay = Relay(std::move(client));
      (co_await std::move(relay)).IgnoreError();
    };
    auto options = creche::ServeOptions()
                       .set_max_connections(limits_.max_connections)
                       .set_grace(limits_.grace);
    auto serving =
        creche::ServeTcp(std::move(listener), handler, std::move(options));
    co_return co_await std::move(serving);
  }

 private:
  // Resets both, unless both have come to their ends: however it is left.
  class Connection {
   public:
    Connection(creche::TcpStream client, creche::TcpStream server)
        : client(std::move(client)), server(std::move(server)) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
      if (is_complete) return;
      client.Abort();
      server.Abort();
    }

    creche::TcpStream client;
    creche::TcpStream server;
    bool is_complete = false;
  };

  // The next server in turn that takes the connection.
  creche::Task<absl::StatusOr<creche::TcpStream>> Connect() {
    absl::Status error = absl::UnavailableError("there are no servers");
    for (size_t i = 0; i < servers_.size(); ++i) {
      const Server& server = servers_[next_++ % servers_.size()];
      auto connect =
          creche::FailAfter(limits_.connect_timeout,
                            creche::ConnectTcp(server.host, server.port));
      absl::StatusOr<creche::TcpStream> stream = co_await std::move(connect);
      if (stream.ok()) co_return stream;
      error = std::move(stream).status();
    }
    co_return error;
  }

  // One direction. Hands the end on. Each step puts off the scope's deadline.
  creche::Task<absl::Status> Pump(creche::TcpStream& from,
                                  creche::TcpStream& to,
                                  creche::CancelScope& scope) {
    std::vector<char> buffer(size_t{16} << 10);
    for (;;) {
      const size_t size =
          co_await creche::Try(from.ReceiveSome(absl::MakeSpan(buffer)));
      if (size == 0) co_return co_await to.SendEof();
      const absl::string_view data(buffer.data(), size);
      co_await creche::Try(to.SendAll(data));
      scope.set_deadline(creche::Now() + limits_.idle_timeout);
    }
  }

  creche::Task<absl::Status> Relay(creche::TcpStream client) {
    auto connect = Connect();
    absl::StatusOr<creche::TcpStream> server = co_await std::move(connect);
    if (!server.ok()) {
      client.Abort();
      co_return server.status();
    }
    Connection connection(std::move(client), *std::move(server));
    creche::CancelScope idle(
        creche::CancelScopeOptions{.timeout = limits_.idle_timeout});
    auto pumps = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
      nursery.StartSoon([&]() -> creche::Task<absl::Status> {
        co_return co_await Pump(connection.client, connection.server, idle);
      });
      co_return co_await Pump(connection.server, connection.client, idle);
    };
    auto both = idle.Run(creche::WithNursery(pumps));
    const auto status = co_await std::move(both);
    connection.is_complete = status.has_value() && status->ok();
    co_return status.value_or(absl::DeadlineExceededError("nothing moves"));
  }

  const std::vector<Server> servers_;
  const ProxyLimits limits_;
  size_t next_ = 0;
};

}  // namespace examples

#endif  // CRECHE_EXAMPLES_PROXY_H_
