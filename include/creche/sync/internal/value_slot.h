// SPDX-License-Identifier: Apache-2.0
//
// ValueSlot: where a task that waits is given a value.

#ifndef CRECHE_SYNC_INTERNAL_VALUE_SLOT_H_
#define CRECHE_SYNC_INTERNAL_VALUE_SLOT_H_

#include <memory>
#include <optional>
#include <utility>

namespace creche::internal {

// A std::optional that is written by one task and read by the next, some
// nanoseconds later: what was written as value and flag is not read as one word
// (which would wait for both to have left the store buffer), and an empty slot
// costs nothing to move.
template <typename T>
class ValueSlot {
 public:
  ValueSlot() {
  }  // NOLINT(modernize-use-equals-default): leaves the union empty.
  // An awaitable is moved before anything is put into it.
  ValueSlot(ValueSlot&&) noexcept : ValueSlot() {}
  ValueSlot& operator=(ValueSlot&&) = delete;
  ~ValueSlot() {
    if (is_full_) std::destroy_at(std::addressof(value_));
  }

  // Requires: the slot is empty.
  void Put(T&& value) {
    std::construct_at(std::addressof(value_), std::move(value));
    is_full_ = true;
  }

  // Leaves the slot empty.
  std::optional<T> Take() {
    if (!is_full_) return std::nullopt;
    is_full_ = false;
    std::optional<T> value(std::move(value_));
    std::destroy_at(std::addressof(value_));
    return value;
  }

 private:
  bool is_full_ = false;
  union {
    T value_;
  };
};

}  // namespace creche::internal

#endif  // CRECHE_SYNC_INTERNAL_VALUE_SLOT_H_
