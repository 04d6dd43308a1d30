// SPDX-License-Identifier: Apache-2.0
//
// LaggingProxy: passes on what a server answers, but late. For tests of
// clients: a question that was given up has its answer still on its way, and
// the next one must not take it for its own.
//
//   LaggingProxy proxy("127.0.0.1", server_port, absl::Milliseconds(100));
//   nursery.StartSoon(&LaggingProxy::Serve, &proxy, std::move(listener));

#ifndef CRECHE_EXAMPLES_LAGGING_PROXY_H_
#define CRECHE_EXAMPLES_LAGGING_PROXY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace examples {

class LaggingProxy {
 public:
  LaggingProxy(std::string host, std::uint16_t port, absl::Duration lag)
      : host_(std::move(host)), port_(port), lag_(lag) {}

  // Until it is cancelled.
  creche::Task<absl::Status> Serve(creche::TcpListener listener) {
    auto handler = [this](creche::TcpStream client) -> creche::Task<> {
      // What goes wrong with one connection is its own affair.
      auto relay = Relay(std::move(client));
      (co_await std::move(relay)).IgnoreError();
    };
    co_return co_await creche::ServeTcp(std::move(listener), handler);
  }

 private:
  creche::Task<absl::Status> Relay(creche::TcpStream client) {
    creche::TcpStream server =
        co_await creche::Try(creche::ConnectTcp(host_, port_));
    auto both = [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
      auto ask = [&]() -> creche::Task<absl::Status> {
        co_return co_await Pump(client, server, absl::ZeroDuration());
      };
      nursery.StartSoon(ask);
      co_return co_await Pump(server, client, lag_);
    };
    co_return co_await creche::WithNursery(both);
  }

  // One direction, with its end.
  static creche::Task<absl::Status> Pump(creche::TcpStream& from,
                                         creche::TcpStream& to,
                                         absl::Duration lag) {
    std::vector<char> buffer(size_t{16} << 10);
    for (;;) {
      const size_t size =
          co_await creche::Try(from.ReceiveSome(absl::MakeSpan(buffer)));
      co_await creche::SleepFor(lag);
      if (size == 0) co_return co_await to.SendEof();
      const absl::string_view data(buffer.data(), size);
      co_await creche::Try(to.SendAll(data));
    }
  }

  const std::string host_;
  const std::uint16_t port_;
  const absl::Duration lag_;
};

}  // namespace examples

#endif  // CRECHE_EXAMPLES_LAGGING_PROXY_H_
