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
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/cleanup.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {

// For ServeTcp().
class ServeOptions {
 public:
  ServeOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  static constexpr size_t kUnlimited = ~size_t{0};  // No limit.

  // So many connections are accepted and served at a time; further ones wait in
  // the listener's backlog, where they need no descriptor. Unlimited by
  // default. With a limit the kernel is asked for one connection at a time
  // (TcpListener::AcceptOne()). Requires: at least 1.
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

  size_t max_connections() const { return max_connections_; }
  absl::Duration retry_after() const { return retry_after_; }
  absl::Duration grace() const { return grace_; }

 private:
  size_t max_connections_ = kUnlimited;
  absl::Duration retry_after_ = absl::Milliseconds(100);
  absl::Duration grace_;
};

namespace internal {

// Counts connections and waits while there are too many.
class ConnectionLimit {
 public:
  // A connection that counts until this is destroyed.
  class Slot {
   public:
    explicit Slot(ConnectionLimit& limit) : limit_(&limit) { ++limit.count_; }
    Slot(Slot&& other) noexcept
        : limit_(std::exchange(other.limit_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (limit_ == nullptr) return;
      --limit_->count_;
      limit_->waiting_.Unpark();
    }

   private:
    ConnectionLimit* limit_;
  };

  explicit ConnectionLimit(size_t max);

  Task<> WaitForRoom();

 private:
  const size_t max_;
  size_t count_ = 0;
  ParkingLot waiting_;
};

// The end of a server's connections: from when it begins, they have some time.
class Draining {
 public:
  explicit Draining(absl::Duration grace) : grace_(grace) {}

  // While it lives, connections can begin. A part of their nursery's body,
  // which ends before the nursery does.
  class Connections {
   public:
    explicit Connections(Draining& draining) : draining_(draining) {}
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;
    ~Connections() { draining_.has_begun_ = true; }

   private:
    Draining& draining_;
  };

  void Begin();
  bool has_begun() const { return has_begun_; }
  Task<> WaitUntilItBegins();
  // For what is to end by then, and only then.
  CancelScope& scope() { return scope_; }

 private:
  const absl::Duration grace_;
  CancelScope scope_{CancelScopeOptions{.shield = true}};
  bool has_begun_ = false;
  ParkingLot waiting_;
};

// A connection, and where there is a limit no other. Waits while descriptors or
// memory are short.
Task<absl::StatusOr<TcpStream>> AcceptPatiently(TcpListener& listener,
                                                const ServeOptions& options);

}  // namespace internal

CRECHE_CORO_TEMPLATES_BEGIN

// Accepts connections until it is cancelled, and calls
// handler(TcpStream), which returns a Task<void> or Task<absl::Status>, in a
// task of its own for each. A handler that fails ends the server, with all its
// connections: handle what may go wrong with one of them in there.
//
// Where descriptors or memory run out it waits a little and tries again.
//
// Cancellation: safe. Closes the listener, cancels the handlers when the grace
//   is over (ServeOptions::set_grace), and resumes when they have ended.
// Errors: those of handlers, which cancel the others at once; those of the
//   listener, which are like a cancellation to the handlers.
template <typename Handler>
Task<absl::Status> ServeTcp(TcpListener listener, Handler handler,
                            ServeOptions options = ServeOptions()) {
  static_assert(internal::kReturnsAwaitable<Handler&, TcpStream>,
                "creche: ServeTcp's handler takes a TcpStream, by value, and "
                "returns Task<void> or Task<absl::Status>");
  using Result =
      internal::AwaitResult<internal::CallResult<Handler&, TcpStream>>;
  static_assert(
      std::is_void_v<Result> || std::is_same_v<Result, absl::Status>,
      "creche: ServeTcp's handler takes a TcpStream and returns Task<void> or "
      "Task<absl::Status>");
  internal::ConnectionLimit limit(options.max_connections());
  internal::Draining draining(options.grace());
  auto serve_one = [&](TcpStream stream,
                       internal::ConnectionLimit::Slot) -> Task<Result> {
    co_return co_await handler(std::move(stream));
  };
  auto accept = [&](Nursery& connections) -> Task<absl::Status> {
    for (;;) {
      co_await limit.WaitForRoom();
      TcpStream stream =
          co_await Try(internal::AcceptPatiently(listener, options));
      // The others have come to their end, by a handler's error, say, in the
      // moment when this one came.
      if (draining.has_begun()) co_return absl::OkStatus();
      connections.StartSoon(serve_one, std::move(stream),
                            internal::ConnectionLimit::Slot(limit));
    }
  };
  auto stop = [&]() -> Task<> {
    listener.Close();
    draining.Begin();
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
        const internal::Draining::Connections may_begin(draining);
        server.StartSoon(accept_until_the_end, std::ref(connections));
        co_await draining.WaitUntilItBegins();
      };
      co_return co_await WithNursery(until_it_begins);
    };
    auto serving = serve_connections();
    const std::optional<absl::Status> status =
        co_await draining.scope().Run(std::move(serving));
    co_return status.value_or(absl::OkStatus());
  };
  co_return co_await WithNursery(serve);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace creche

#endif  // CRECHE_NET_SERVE_TCP_H_
