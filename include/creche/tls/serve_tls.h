// SPDX-License-Identifier: Apache-2.0
//
// ServeTls: a task for each connection that speaks TLS.
//
//   creche::Task<> Greet(creche::TlsStream<creche::TcpStream> stream) {
//     (co_await stream.SendAll("hello\n")).IgnoreError();
//     (co_await stream.Shutdown()).IgnoreError();
//   }
//
//   co_await creche::Try(creche::ServeTls(std::move(listener), tls, Greet));

#ifndef CRECHE_TLS_SERVE_TLS_H_
#define CRECHE_TLS_SERVE_TLS_H_

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/net/internal/named_like.h"
#include "creche/net/serve_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_options.h"
#include "creche/tls/tls_stream.h"

namespace creche {

CRECHE_CORO_TEMPLATES_BEGIN

// ServeTcp() (net/serve_tcp.h), with a handshake in each connection's own task
// before handler(TlsStream<TcpStream>) is called there. A connection counts
// against ServeOptions::set_max_connections() from its beginning. One whose
// handshake fails is closed, and does not concern the others.
//
// Cancellation: as of ServeTcp(). Handshakes are cancelled when the grace is
//   over, as handlers are.
// Errors: as of ServeTcp().
template <typename Handler>
Task<absl::Status> ServeTls(TcpListener listener, TlsContext context,
                            Handler handler,
                            ServeOptions serve_options = ServeOptions(),
                            TlsOptions tls_options = TlsOptions()) {
  using Result = internal::AwaitResult<
      internal::CallResult<Handler&, TlsStream<TcpStream>>>;
  static_assert(
      std::is_void_v<Result> || std::is_same_v<Result, absl::Status>,
      "creche: ServeTls's handler takes a TlsStream<TcpStream> and returns "
      "Task<void> or Task<absl::Status>");
  auto serve_one = [&](TcpStream transport) -> Task<absl::Status> {
    auto shaking = TlsStream<TcpStream>::Server(std::move(transport), context,
                                                tls_options);
    absl::StatusOr<TlsStream<TcpStream>> stream = co_await std::move(shaking);
    if (!stream.ok()) co_return absl::OkStatus();
    if constexpr (std::is_void_v<Result>) {
      co_await handler(*std::move(stream));
      co_return absl::OkStatus();
    } else {
      co_return co_await handler(*std::move(stream));
    }
  };
  auto named = internal::NamedLike(handler, serve_one);
  auto serving = ServeTcp(std::move(listener), named, std::move(serve_options));
  co_return co_await std::move(serving);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace creche

#endif  // CRECHE_TLS_SERVE_TLS_H_
