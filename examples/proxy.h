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
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/relay.h"

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
      auto serving = ServeOne(std::move(client));
      (co_await std::move(serving)).IgnoreError();
    };
    auto options = creche::ServeOptions()
                       .set_max_connections(limits_.max_connections)
                       .set_grace(limits_.grace);
    auto serving =
        creche::ServeTcp(std::move(listener), handler, std::move(options));
    co_return co_await std::move(serving);
  }

 private:
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

  creche::Task<absl::Status> ServeOne(creche::TcpStream client) {
    auto connect = Connect();
    absl::StatusOr<creche::TcpStream> server = co_await std::move(connect);
    if (!server.ok()) {
      client.Abort();
      co_return server.status();
    }
    RelayedPair pair(std::move(client), *std::move(server));
    co_return co_await RelayBoth(pair, limits_.idle_timeout);
  }

  const std::vector<Server> servers_;
  const ProxyLimits limits_;
  size_t next_ = 0;
};

}  // namespace examples

#endif  // CRECHE_EXAMPLES_PROXY_H_
