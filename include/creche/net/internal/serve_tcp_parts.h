// SPDX-License-Identifier: Apache-2.0
//
// What a server of TCP connections is made of.

#ifndef CRECHE_NET_INTERNAL_SERVE_TCP_PARTS_H_
#define CRECHE_NET_INTERNAL_SERVE_TCP_PARTS_H_

#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"

namespace creche {

class ServeOptions;
class TcpListener;
class TcpStream;

namespace internal {

// As many connections as a server has by default.
size_t HalfOfDescriptors();

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

  // As it is now; the default is that of one of `servers` that share it.
  explicit ConnectionLimit(const ServeOptions& options, size_t servers = 1);

  Task<> WaitForRoom();

  // Whether the kernel may accept connections that nobody has asked for: they
  // are not counted.
  bool allows_accept_ahead() const { return allows_accept_ahead_; }

 private:
  const size_t max_;
  const bool allows_accept_ahead_;
  size_t count_ = 0;
  ParkingLot waiting_;
};

// How long connections may go on when their server ends. It starts with
// Begin(), when the listener has been closed; it ends `grace` later, when
// scope() is cancelled, with the connections in it.
class GracePeriod {
 public:
  explicit GracePeriod(absl::Duration grace) : grace_(grace) {}

  // While it lives, connections can begin. A part of their nursery's body,
  // which ends before the nursery does.
  class Connections {
   public:
    explicit Connections(GracePeriod& grace_period)
        : grace_period_(grace_period) {}
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;
    ~Connections() { grace_period_.has_begun_ = true; }

   private:
    GracePeriod& grace_period_;
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

// A connection, and no other unless `ahead`. While descriptors or memory are
// short it waits, and tries again each time that `retry_after` has passed.
Task<absl::StatusOr<TcpStream>> AcceptPatiently(TcpListener& listener,
                                                bool ahead,
                                                absl::Duration retry_after);

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_NET_INTERNAL_SERVE_TCP_PARTS_H_
