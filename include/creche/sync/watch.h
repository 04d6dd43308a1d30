// SPDX-License-Identifier: Apache-2.0
//
// Watch: a value that tasks can wait for changes of.
//
//   creche::Watch<State> state(State::kStarting);
//
//   co_await state.WaitUntil([](State s) { return s == State::kReady; });
//
//   creche::WatchReader<State> reader(state);
//   for (;;) Show(co_await reader.Next());  // Always the latest.
//
// Who is slow misses what was replaced meanwhile. Where every value counts, use
// Broadcast (sync/broadcast.h).

#ifndef CRECHE_SYNC_WATCH_H_
#define CRECHE_SYNC_WATCH_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/parking_lot.h"
#include "creche/core/parking_operation.h"
#include "creche/core/task.h"

namespace creche {

template <typename T>
class WatchReader;

// T is copied for each task that waits: make it a std::shared_ptr<const X> if X
// is large. What a copy throws comes out of the co_await of that task, which
// has then seen nothing; it concerns neither Set() nor the other tasks.
template <typename T>
class Watch {
  static_assert(std::is_copy_constructible_v<T> && std::is_move_assignable_v<T>,
                "creche: the value of a Watch is copied for each task that "
                "waits for it");

  template <typename Predicate>
  class WaitOperation;
  class Waiter;

 public:
  // What statistics() counts.
  struct Statistics {
    size_t tasks_waiting = 0;
  };

  // There is always a value.
  explicit Watch(T initial) : value_(std::move(initial)) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() = default;  // Requires: no task is waiting.

  // Valid until the next Set(), so not across a co_await.
  const T& value() const { return value_; }

  // Replaces the value, and wakes those who waited for such a one. The value
  // that was replaced is destroyed last.
  // Order: first waiter first.
  void Set(T value);

  // Suspends until predicate(value()) is true, and gives the value for which it
  // was, even if there is another by then. Set() calls `predicate` while the
  // task waits, with the task-locals of that task: it must not suspend, and
  // leave this object alone.
  // Exceptions: what `predicate` throws.
  // Cancellation: safe.
  template <typename Predicate>
  WaitOperation<std::decay_t<Predicate>> WaitUntil(Predicate&& predicate) {
    CRECHE_REQUIRE_SAFE_CLOSURE(Predicate);
    static_assert(std::predicate<std::decay_t<Predicate>&, const T&>,
                  "creche: WaitUntil() takes a predicate on the value");
    return WaitOperation<std::decay_t<Predicate>>(
        this, std::forward<Predicate>(predicate));
  }

  // How things stand just now, for monitoring and tests.
  Statistics statistics() const { return {waiters_.size()}; }

 private:
  friend class WatchReader<T>;

  T value_;
  std::uint64_t version_ = 1;
  ParkingLot waiters_;
};

// What one task has seen of a Watch, which must outlive it.
template <typename T>
class WatchReader {
  class NextOperation;

 public:
  // The first Next() gives the value there is.
  explicit WatchReader(Watch<T>& watch) : watch_(&watch) {}

  // True if Next() would not wait.
  bool has_next() const { return seen_ != watch_->version_; }

  // Suspends until there is a value that this reader has not given yet, and
  // gives the latest.
  // Cancellation: safe. No value counts as seen.
  NextOperation Next() { return NextOperation(this); }

 private:
  Watch<T>* watch_;
  std::uint64_t seen_ = 0;
};

// A task that waits for a value.
template <typename T>
class Watch<T>::Waiter : public Parked {
 public:
  // Looks at the new value. Returns whether the wait has ended. Does not throw.
  virtual bool Accepts(const T& value) = 0;

 protected:
  Waiter() = default;
  Waiter(Waiter&&) noexcept = default;
  ~Waiter() = default;
};

template <typename T>
template <typename Predicate>
class [[nodiscard]] Watch<T>::WaitOperation final
    : public ParkingOperation<WaitOperation<Predicate>, Waiter> {
 public:
  static constexpr const char* kName = "Watch::WaitUntil";

  WaitOperation(Watch* watch, Predicate predicate)
      : watch_(watch), predicate_(std::move(predicate)) {}

  bool TryComplete() { return AcceptsOrThrows(watch_->value_); }
  ParkingLot& lot() const { return watch_->waiters_; }
  T await_resume() {
    if (thrown_ != nullptr) std::rethrow_exception(std::move(thrown_));
    return *std::exchange(accepted_, std::nullopt);
  }

  // What is thrown is the waiting task's affair, and ends its wait.
  bool Accepts(const T& value) override {
    const internal::OnBehalfOf waiter(this->task());
    CRECHE_TRY { return AcceptsOrThrows(value); }
    CRECHE_CATCH_ALL { thrown_ = std::current_exception(); }
    return true;
  }

 private:
  bool AcceptsOrThrows(const T& value) {
    if (!predicate_(value)) return false;
    accepted_.emplace(value);
    return true;
  }

  Watch* watch_;
  Predicate predicate_;
  std::optional<T> accepted_;
  std::exception_ptr thrown_;
};

template <typename T>
class [[nodiscard]] WatchReader<T>::NextOperation final
    : public ParkingOperation<NextOperation, typename Watch<T>::Waiter> {
 public:
  static constexpr const char* kName = "WatchReader::Next";

  explicit NextOperation(WatchReader* reader) : reader_(reader) {}

  bool TryComplete() {
    if (!reader_->has_next()) return false;
    MarkSeen();
    return true;
  }
  ParkingLot& lot() const { return reader_->watch_->waiters_; }
  T await_resume() {
    reader_->seen_ = kNothing;  // Unless the copy succeeds.
    T value = reader_->watch_->value_;
    MarkSeen();  // There may be a later one than was waited for.
    return value;
  }

  bool Accepts(const T& /*value*/) override { return TryComplete(); }

 private:
  void MarkSeen() { reader_->seen_ = reader_->watch_->version_; }

  static constexpr std::uint64_t kNothing = 0;  // The first version is 1.

  WatchReader* reader_;
};

template <typename T>
void Watch<T>::Set(T value) {
  // Its destructor may call this object.
  [[maybe_unused]] const T replaced = std::exchange(value_, std::move(value));
  ++version_;
  Parked* parked = waiters_.front();
  while (parked != nullptr) {
    Parked* next = waiters_.after(*parked);
    const bool accepted = static_cast<Waiter*>(parked)->Accepts(value_);
    // A predicate may have cancelled its own wait, or the next one; and a
    // Select() may have waited for this value twice.
    if (accepted && parked->is_parked()) waiters_.Unpark(*parked);
    if (next != nullptr && !next->is_parked()) next = waiters_.front();
    parked = next;
  }
}

}  // namespace creche

#endif  // CRECHE_SYNC_WATCH_H_
