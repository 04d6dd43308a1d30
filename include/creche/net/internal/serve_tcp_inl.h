// SPDX-License-Identifier: Apache-2.0
//
// ServeTcp().

#ifndef CRECHE_NET_INTERNAL_SERVE_TCP_INL_H_
#define CRECHE_NET_INTERNAL_SERVE_TCP_INL_H_

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/cleanup.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/internal/named_like.h"
#include "creche/net/internal/serve_tcp_parts.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {

CRECHE_CORO_TEMPLATES_BEGIN

template <typename Handler>
Task<absl::Status> ServeTcp(TcpListener listener, Handler handler,
                            ServeOptions options) {
  static_assert(internal::kReturnsAwaitable<Handler&, TcpStream>,
                "creche: ServeTcp's handler takes a TcpStream, by value, and "
                "returns Task<void> or Task<absl::Status>");
  using Result =
      internal::AwaitResult<internal::CallResult<Handler&, TcpStream>>;
  static_assert(
      std::is_void_v<Result> || std::is_same_v<Result, absl::Status>,
      "creche: ServeTcp's handler takes a TcpStream and returns Task<void> or "
      "Task<absl::Status>");
  internal::ConnectionLimit limit(options);
  internal::GracePeriod grace_period(options.grace());
  auto serve_one = [&](TcpStream stream,
                       internal::ConnectionLimit::Slot) -> Task<Result> {
    co_return co_await handler(std::move(stream));
  };
  auto accept = [&](Nursery& connections) -> Task<absl::Status> {
    for (;;) {
      co_await limit.WaitForRoom();
      TcpStream stream = co_await Try(internal::AcceptPatiently(
          listener, limit.allows_accept_ahead(), options.retry_after()));
      // The others have come to their end, by a handler's error, say, in the
      // moment when this one came.
      if (grace_period.has_begun()) co_return absl::OkStatus();
      connections.StartSoon(internal::NamedLike(handler, serve_one),
                            std::move(stream),
                            internal::ConnectionLimit::Slot(limit));
    }
  };
  auto stop = [&]() -> Task<> {
    listener.Close();
    grace_period.Begin();
    co_return;
  };
  auto serve = [&](Nursery& server) -> Task<absl::Status> {
    auto accept_until_the_end =
        [&](Nursery& connections) -> Task<absl::Status> {
      auto accepting = accept(connections);
      co_return co_await WithCleanup(std::move(accepting), stop);
    };
    // Where the connections are, a cancellation of the server is not seen.
    auto serve_connections = [&]() -> Task<absl::Status> {
      auto until_it_begins = [&](Nursery& connections) -> Task<> {
        const internal::GracePeriod::Connections may_begin(grace_period);
        server.StartSoon(accept_until_the_end, std::ref(connections));
        co_await grace_period.WaitUntilItBegins();
      };
      co_return co_await WithNursery(until_it_begins);
    };
    auto serving = serve_connections();
    const std::optional<absl::Status> status =
        co_await grace_period.scope().Run(std::move(serving));
    co_return status.value_or(absl::OkStatus());
  };
  co_return co_await WithNursery(serve);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace creche

#endif  // CRECHE_NET_INTERNAL_SERVE_TCP_INL_H_
