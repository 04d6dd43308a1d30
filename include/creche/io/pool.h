// SPDX-License-Identifier: Apache-2.0
//
// Pool: connections that are kept open and lent out.
//
//   auto connect = []() -> creche::Task<absl::StatusOr<creche::TcpStream>> {
//     co_return co_await creche::ConnectTcp("localhost", 5432);
//   };
//   creche::Pool<creche::TcpStream> pool(connect, creche::PoolOptions());
//   auto lease = co_await creche::Try(pool.Borrow());
//   co_await creche::Try(Ask(*lease));
//   lease.Return();

#ifndef CRECHE_IO_POOL_H_
#define CRECHE_IO_POOL_H_

#include <concepts>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"

namespace creche {

// How many connections, and for how long.
class PoolOptions {
 public:
  PoolOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // How many connections there are at a time, lent ones included. Range: 1 or
  // more; 10 by default.
  PoolOptions& set_max_size(size_t max_size) {
    max_size_ = max_size;
    return *this;
  }
  // A connection that nobody has used for so long is closed instead of lent. A
  // minute by default.
  PoolOptions& set_idle_timeout(absl::Duration idle_timeout) {
    idle_timeout_ = idle_timeout;
    return *this;
  }

  size_t max_size() const { return max_size_; }
  absl::Duration idle_timeout() const { return idle_timeout_; }

 private:
  size_t max_size_ = 10;
  absl::Duration idle_timeout_ = absl::Minutes(1);
};

// A Connection that has a member `bool is_usable() const` is asked before it is
// lent and when it is returned, and closed if it says no.
//
// Order: who asks first is served first. The connection that was used last is
// lent first, so that the others become idle for long enough to go.
template <typename Connection>
class Pool {
 public:
  // The right to use a connection. Destroying it closes the connection, unless
  // Return() was called: one whose use was cancelled or has failed in the
  // middle is in no state to be used by others.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          connection_(std::move(other.connection_)) {}
    Lease& operator=(Lease&& other) noexcept {
      Lease old(std::move(*this));
      pool_ = std::exchange(other.pool_, nullptr);
      connection_ = std::move(other.connection_);
      return *this;
    }
    ~Lease() {
      if (pool_ == nullptr) return;
      connection_.reset();
      pool_->GiveSlot();
    }

    // The connection. Requires: before Return().
    Connection& operator*() { return Lent(); }
    Connection* operator->() { return &Lent(); }

    // The connection is fit for others. Requires: not called before.
    void Return() {
      if (pool_ == nullptr) {
        internal::Misuse("a connection was returned to its Pool twice");
      }
      if (IsUsable(*connection_)) {
        pool_->idle_.push_back({std::move(*connection_), Now()});
      }
      connection_.reset();
      std::exchange(pool_, nullptr)->GiveSlot();
    }

   private:
    friend class Pool;
    Lease(Pool& pool, Connection connection)
        : pool_(&pool), connection_(std::move(connection)) {}

    Connection& Lent() {
      if (pool_ == nullptr) {
        internal::Misuse(
            "a connection of a Pool was used after Return(), or by a lease "
            "that was moved from");
      }
      return *connection_;
    }

    Pool* pool_;
    std::optional<Connection> connection_;
  };

  // open() returns a Task<absl::StatusOr<Connection>>.
  template <typename Open>
  explicit Pool(Open open, PoolOptions options = PoolOptions())
      : opener_(std::make_unique<OpenerOf<Open>>(std::move(open))),
        options_(options),
        slots_(options.max_size()) {
    if (slots_ == 0) {
      internal::Misuse(
          "PoolOptions::set_max_size(): at least 1, or nobody ever gets a "
          "connection");
    }
  }

  // The same, with is_healthy(connection), which returns a Task<bool> and is
  // asked about each connection that was idle before it is lent: the peer may
  // have closed it, or sent what nobody has asked for.
  template <typename Open, typename IsHealthy>
  Pool(Open open, IsHealthy is_healthy, PoolOptions options)
      : Pool(std::move(open), options) {
    checker_ = std::make_unique<CheckerOf<IsHealthy>>(std::move(is_healthy));
  }

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    if (slots_ != options_.max_size()) {
      internal::Misuse("a Pool was destroyed while its connections were lent");
    }
  }

  // Waits until there may be another connection, and gives an idle one or opens
  // one.
  // Cancellation: safe. What was being opened is closed: so a deadline shorter
  //   than that takes never gets a connection once none is idle.
  // Errors: those of opening.
  Task<absl::StatusOr<Lease>> Borrow() {
    if (slots_ > 0 && waiting_.empty()) {
      --slots_;
    } else {
      co_await waiting_.Park("a connection of a Pool");
    }
    Slot slot(*this);
    co_await internal::BudgetedCheckpoint();
    CloseIdle();
    while (!idle_.empty()) {
      Connection connection = std::move(idle_.back().connection);
      idle_.pop_back();
      bool is_healthy = IsUsable(connection);
      if (is_healthy && checker_ != nullptr) {
        is_healthy = co_await checker_->Check(connection);
      }
      if (is_healthy) co_return slot.LeaseOf(std::move(connection));
    }
    absl::StatusOr<Connection> opened = co_await opener_->Open();
    if (!opened.ok()) co_return std::move(opened).status();
    co_return slot.LeaseOf(*std::move(opened));
  }

  // Closes the connections that have been idle for too long. Borrow() does,
  // too.
  void CloseIdle() {
    const absl::Time now = Now();
    while (!idle_.empty() &&
           now - idle_.front().since >= options_.idle_timeout()) {
      idle_.pop_front();
    }
  }

  // How many connections are idle; how many are lent or being opened; how many
  // tasks wait for one.
  size_t idle() const { return idle_.size(); }
  size_t lent() const { return options_.max_size() - slots_; }
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Idle {
    Connection connection;
    absl::Time since;
  };

  // The right to have one connection more, until it is a lease.
  class Slot {
   public:
    explicit Slot(Pool& pool) : pool_(&pool) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (pool_ != nullptr) pool_->GiveSlot();
    }
    Lease LeaseOf(Connection connection) {
      return Lease(*std::exchange(pool_, nullptr), std::move(connection));
    }

   private:
    Pool* pool_;
  };

  class Opener {
   public:
    virtual ~Opener() = default;
    virtual Task<absl::StatusOr<Connection>> Open() = 0;
  };
  template <typename F>
  class OpenerOf final : public Opener {
   public:
    explicit OpenerOf(F f) : f_(std::move(f)) {}
    Task<absl::StatusOr<Connection>> Open() override {
      co_return co_await internal::Call(f_);
    }

   private:
    F f_;
  };

  class Checker {
   public:
    virtual ~Checker() = default;
    virtual Task<bool> Check(Connection& connection) = 0;
  };
  template <typename F>
  class CheckerOf final : public Checker {
   public:
    explicit CheckerOf(F f) : f_(std::move(f)) {}
    Task<bool> Check(Connection& connection) override {
      co_return co_await internal::Call(f_, connection);
    }

   private:
    F f_;
  };

  static bool IsUsable(const Connection& connection) {
    if constexpr (requires {
                    { connection.is_usable() } -> std::same_as<bool>;
                  }) {
      return connection.is_usable();
    } else {
      return true;
    }
  }

  // Straight to who has waited longest, if anybody does.
  void GiveSlot() {
    if (waiting_.Unpark() == 0) ++slots_;
  }

  const std::unique_ptr<Opener> opener_;
  std::unique_ptr<Checker> checker_;
  const PoolOptions options_;
  size_t slots_;
  ParkingLot waiting_;
  std::deque<Idle> idle_;  // The one that was used last comes last.
};

}  // namespace creche

#endif  // CRECHE_IO_POOL_H_
