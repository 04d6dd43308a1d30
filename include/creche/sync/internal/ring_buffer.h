// SPDX-License-Identifier: Apache-2.0
//
// RingBuffer: a queue in one block of memory that grows as it must, and never
// shrinks: in steady state nothing is allocated.

#ifndef CRECHE_SYNC_INTERNAL_RING_BUFFER_H_
#define CRECHE_SYNC_INTERNAL_RING_BUFFER_H_

#include <cstddef>
#include <memory>
#include <utility>

namespace creche::internal {

// T must not throw when it is moved. Its destructor may use the buffer: no
// element is destroyed before the buffer is in order without it.
template <typename T>
class RingBuffer {
 public:
  RingBuffer() = default;
  RingBuffer(RingBuffer&& other) noexcept { Swap(other); }
  RingBuffer& operator=(RingBuffer&&) = delete;
  ~RingBuffer() {
    while (!empty()) DropFront();
    if (slots_ != nullptr) std::allocator<T>().deallocate(slots_, capacity_);
  }

  bool empty() const { return taken_ == put_; }
  std::size_t size() const { return put_ - taken_; }

  // The element that is `index` behind the front.
  T& operator[](std::size_t index) const { return Slot(taken_ + index); }

  void PushBack(T&& value) {
    while (size() == capacity_) [[unlikely]]
      Grow();
    std::construct_at(&Slot(put_), std::move(value));
    ++put_;
  }

  // Requires: not empty.
  T PopFront() {
    T value = std::move(Slot(taken_));
    DropFront();
    return value;
  }
  void DropFront() { std::destroy_at(&Slot(taken_++)); }

 private:
  static constexpr std::size_t kFirstCapacity = 8;

  // Where the element is that was put in after `count` others. The capacity is
  // a power of two.
  T& Slot(std::size_t count) const { return slots_[count & (capacity_ - 1)]; }

  [[gnu::noinline, gnu::cold]] void Grow() {
    const std::size_t capacity =
        capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
    T* slots = std::allocator<T>().allocate(capacity);
    RingBuffer old;
    old.Swap(*this);
    slots_ = slots;
    capacity_ = capacity;
    for (; put_ < old.size(); ++put_) {
      std::construct_at(slots_ + put_, std::move(old[put_]));
    }
  }

  void Swap(RingBuffer& other) {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(taken_, other.taken_);
    std::swap(put_, other.put_);
  }

  T* slots_ = nullptr;
  std::size_t capacity_ = 0;
  // How many came and went since it has grown. Who puts in writes the one, who
  // takes out the other: neither has to wait for what the other has written.
  std::size_t put_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_SYNC_INTERNAL_RING_BUFFER_H_
