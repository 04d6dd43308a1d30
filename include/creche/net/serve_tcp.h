// SPDX-License-Identifier: Apache-2.0
//
// ServeTcp: a task per connection.
//
//   creche::Task<> Greet(creche::TcpStream stream) {
//     (co_await stream.SendAll("hello\n")).IgnoreError();
//   }
//
//   creche::TcpListener listener =
//       co_await creche::Try(creche::ListenTcp("", 7777));
//   co_await creche::Try(creche::ServeTcp(std::move(listener), Greet));

#ifndef CRECHE_NET_SERVE_TCP_H_
#define CRECHE_NET_SERVE_TCP_H_

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/task.h"
#include "creche/net/internal/serve_tcp_parts.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {

// For ServeTcp().
class ServeOptions {
 public:
  ServeOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  static constexpr size_t kUnlimited = ~size_t{0};  // No limit.

  // So many connections are accepted and served at a time; further ones wait in
  // the listener's backlog, where they need no descriptor. By default, half as
  // many as the process may have descriptors (RLIMIT_NOFILE) when the server
  // begins: the other half is for what handlers open. Requires: at least 1.
  //
  // With a limit, and by default where that is below 8,192, the kernel is asked
  // for one connection at a time (TcpListener::AcceptOne()).
  ServeOptions& set_max_connections(size_t max_connections) {
    max_connections_ = max_connections;
    return *this;
  }
  // How long to wait when there is no descriptor or memory for a connection.
  // 100 ms by default.
  ServeOptions& set_retry_after(absl::Duration retry_after) {
    retry_after_ = retry_after;
    return *this;
  }

  // How long the connections that are being served may go on when the server is
  // cancelled, before they are cancelled, too. 0 by default.
  ServeOptions& set_grace(absl::Duration grace) {
    grace_ = grace;
    return *this;
  }

  // The default is what it would be just now.
  size_t max_connections() const {
    return max_connections_.has_value() ? *max_connections_
                                        : internal::HalfOfDescriptors();
  }
  bool has_max_connections() const { return max_connections_.has_value(); }
  absl::Duration retry_after() const { return retry_after_; }
  absl::Duration grace() const { return grace_; }

 private:
  std::optional<size_t> max_connections_;
  absl::Duration retry_after_ = absl::Milliseconds(100);
  absl::Duration grace_;
};

// Accepts connections until it is cancelled, and calls
// handler(TcpStream), which returns a Task<void> or Task<absl::Status>, in a
// task of its own for each. A handler that fails ends the server, with all its
// connections: handle what may go wrong with one of them in there. The tasks
// carry the handler's name, if it has one: Named("client", Greet).
//
// Where descriptors or memory run out it waits a little and tries again.
//
// Cancellation: safe. Closes the listener, cancels the handlers when the grace
//   is over (ServeOptions::set_grace), and resumes when they have ended.
// Errors: those of handlers, which cancel the others at once; those of the
//   listener, which are like a cancellation to the handlers.
template <typename Handler>
Task<absl::Status> ServeTcp(TcpListener listener, Handler handler,
                            ServeOptions options = ServeOptions());

}  // namespace creche

#include "creche/net/internal/serve_tcp_inl.h"

#endif  // CRECHE_NET_SERVE_TCP_H_
