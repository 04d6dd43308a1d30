// SPDX-License-Identifier: Apache-2.0
//
// The mechanics of cores/serve_tcp_on_cores.h, which includes this.

#ifndef CRECHE_CORES_INTERNAL_SERVE_TCP_ON_CORES_INL_H_
#define CRECHE_CORES_INTERNAL_SERVE_TCP_ON_CORES_INL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/cleanup.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/internal/counted_connection.h"
#include "creche/net/internal/named_like.h"
#include "creche/net/internal/serve_tcp_parts.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {
namespace internal {

class HandOver;

// From now on.
CountedConnection CountHere(Core& core);

// That of all servers of this address.
HandOver& HandOverOf(Core& core, const std::string& host, std::uint16_t port);

// Until it is stopped, or destroyed, connections are handed over to the core
// `index`.
class TakesHandOver {
 public:
  TakesHandOver(HandOver& hand_over, std::size_t index);
  TakesHandOver(const TakesHandOver&) = delete;
  TakesHandOver& operator=(const TakesHandOver&) = delete;
  ~TakesHandOver() { Stop(); }

  // Closes those that nobody has taken.
  void Stop();

 private:
  HandOver& hand_over_;
  const std::size_t index_;
};

// A listener on the port; where it is one of several, on all cores, with
// `reuse_port`.
Task<absl::StatusOr<TcpListener>> ListenOnCore(std::string host,
                                               std::uint16_t port,
                                               bool reuse_port);

// Gives each connection to the core that has the fewest.
Task<absl::Status> HandOut(HandOver& hand_over, TcpListener listener,
                           ServeOptions options);

// The next one that was handed over to the core `index`.
Task<std::pair<TcpStream, CountedConnection>> TakeHandedOver(
    HandOver& hand_over, std::size_t index);

CRECHE_CORO_TEMPLATES_BEGIN

// Serves what is handed over to this core, with a limit and a grace as
// ServeTcp() has them.
template <typename Handler>
Task<absl::Status> ServeHandedOver(Core& core, HandOver& hand_over,
                                   Handler& handler, ServeOptions options) {
  using Result = AwaitResult<CallResult<Handler&, TcpStream>>;
  using Slot = ConnectionLimit::Slot;
  TakesHandOver takes(hand_over, core.index());
  ConnectionLimit limit(options, core.count());
  GracePeriod grace_period(options.grace());
  auto serve_one = [&](TcpStream stream, CountedConnection,
                       Slot) -> Task<Result> {
    co_return co_await handler(std::move(stream));
  };
  auto take = [&](Nursery& connections) -> Task<> {
    for (;;) {
      co_await limit.WaitForRoom();
      std::pair<TcpStream, CountedConnection> taken =
          co_await TakeHandedOver(hand_over, core.index());
      if (grace_period.has_begun()) co_return;
      connections.StartSoon(NamedLike(handler, serve_one),
                            std::move(taken.first), std::move(taken.second),
                            Slot(limit));
    }
  };
  // Other cores can serve those that come in the grace period.
  auto stop = [&]() -> Task<> {
    takes.Stop();
    grace_period.Begin();
    co_return;
  };
  auto serve = [&](Nursery& server) -> Task<absl::Status> {
    auto take_until_the_end = [&](Nursery& connections) -> Task<> {
      auto taking = take(connections);
      co_await WithCleanup(std::move(taking), stop);
    };
    auto until_it_begins = [&](Nursery& connections) -> Task<> {
      const GracePeriod::Connections may_begin(grace_period);
      server.StartSoon(take_until_the_end, std::ref(connections));
      co_await grace_period.WaitUntilItBegins();
    };
    // Where the connections are, a cancellation of the server is not seen.
    auto serving = [&]() -> Task<absl::Status> {
      co_return co_await WithNursery(until_it_begins);
    };
    const std::optional<absl::Status> status =
        co_await grace_period.scope().Run(serving);
    co_return status.value_or(absl::OkStatus());
  };
  co_return co_await WithNursery(serve);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace internal

CRECHE_CORO_TEMPLATES_BEGIN

template <typename Handler>
Task<absl::Status> ServeTcpOnCores(Core& core, std::string host,
                                   std::uint16_t port, Handler handler,
                                   ServeOptions options, Balance balance) {
  static_assert(internal::kReturnsAwaitable<Handler&, TcpStream>,
                "creche: ServeTcpOnCores' handler takes a TcpStream, by value, "
                "and returns Task<void> or Task<absl::Status>");
  using Result =
      internal::AwaitResult<internal::CallResult<Handler&, TcpStream>>;
  if (port == 0) {
    co_return absl::InvalidArgumentError(
        "ServeTcpOnCores: port 0 would be another port on each core");
  }
  if (balance == Balance::kReusePort) {
    auto serve_one = [&](TcpStream stream) -> Task<Result> {
      const internal::CountedConnection counted = internal::CountHere(core);
      co_return co_await handler(std::move(stream));
    };
    TcpListener listener = co_await Try(
        internal::ListenOnCore(std::move(host), port, /*reuse_port=*/true));
    auto named = internal::NamedLike(handler, serve_one);
    co_return co_await ServeTcp(std::move(listener), named, options);
  }
  internal::HandOver& hand_over = internal::HandOverOf(core, host, port);
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    if (core.index() == 0) {
      TcpListener listener = co_await Try(
          internal::ListenOnCore(std::move(host), port, /*reuse_port=*/false));
      nursery.StartSoon(internal::HandOut, std::ref(hand_over),
                        std::move(listener), options);
    }
    co_return co_await internal::ServeHandedOver(core, hand_over, handler,
                                                 options);
  };
  co_return co_await WithNursery(body);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace creche

#endif  // CRECHE_CORES_INTERNAL_SERVE_TCP_ON_CORES_INL_H_
