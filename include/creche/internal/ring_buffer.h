// SPDX-License-Identifier: Apache-2.0
//
// RingBuffer: a queue in one block of memory that grows as it must, and never
// shrinks: in steady state nothing is allocated.

#ifndef CRECHE_INTERNAL_RING_BUFFER_H_
#define CRECHE_INTERNAL_RING_BUFFER_H_

#include <cstddef>
#include <memory>
#include <utility>

namespace creche::internal {

// T must not throw when it is moved.
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

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // The element that is `index` behind the front.
  T& operator[](std::size_t index) const { return slots_[Slot(index)]; }

  void PushBack(T&& value) {
    if (size_ == capacity_) [[unlikely]]
      Grow();
    std::construct_at(slots_ + Slot(size_), std::move(value));
    ++size_;
  }

  // Requires: not empty.
  T PopFront() {
    T value = std::move(slots_[front_]);
    DropFront();
    return value;
  }
  void DropFront() {
    T* dropped = slots_ + front_;
    front_ = Slot(1);
    --size_;
    std::destroy_at(dropped);
  }

 private:
  static constexpr std::size_t kFirstCapacity = 8;

  // The capacity is a power of two.
  std::size_t Slot(std::size_t index) const {
    return (front_ + index) & (capacity_ - 1);
  }

  void Grow() {
    const std::size_t capacity =
        capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
    T* slots = std::allocator<T>().allocate(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      T& element = (*this)[i];
      std::construct_at(slots + i, std::move(element));
      std::destroy_at(&element);
    }
    if (slots_ != nullptr) std::allocator<T>().deallocate(slots_, capacity_);
    slots_ = slots;
    capacity_ = capacity;
    front_ = 0;
  }

  void Swap(RingBuffer& other) {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(front_, other.front_);
    std::swap(size_, other.size_);
  }

  T* slots_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t front_ = 0;
  std::size_t size_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_INTERNAL_RING_BUFFER_H_
