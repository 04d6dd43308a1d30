// SPDX-License-Identifier: Apache-2.0
//
// SharedDescriptor: a descriptor, and who is using it. What sockets and pipes
// have in common.

#ifndef CRECHE_URING_INTERNAL_SHARED_DESCRIPTOR_H_
#define CRECHE_URING_INTERNAL_SHARED_DESCRIPTOR_H_

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "creche/uring/internal/forward.h"

namespace creche::internal {

// Shared by the object that a program has and the operations under way, on one
// thread (DescriptorRef, below). In each direction there is one operation at a
// time.
//
// The descriptor is closed with this, once the kernel knows of all operations
// on it: one that the kernel has not looked at yet must not find another file
// under the same number. Only the descriptor is closed: duplicates of it, in
// this process or another, go on. (So nothing here calls shutdown().) The
// kernel lets go of the file itself when it has ended the operations, which it
// does in Close() where it can.
class SharedDescriptor {
 public:
  enum Direction : std::uint8_t { kReceive, kSend };

  SharedDescriptor(const SharedDescriptor&) = delete;
  SharedDescriptor& operator=(const SharedDescriptor&) = delete;

  // Ends the operations under way. What is closed once stays so. One system
  // call more if the kernel has operations to end.
  void Close();
  bool is_closed() const { return is_closed_; }

  int fd() const { return is_closed_ ? -1 : fd_; }
  // Which one this is, for people: the descriptor's number, if it has no name.
  virtual std::string Label() const;

  // Closes this, but not the descriptor, which is the caller's from now on; -1
  // if it was closed. Aborts if anything is under way, or was received and not
  // delivered: whoever has the descriptor next would miss it.
  int Release();

  // What follows is for operations.

  // The operation in this direction; nullptr if there is none.
  DescriptorOperation* user(Direction direction) const {
    return users_[direction];
  }
  void BeginUse(Direction direction, DescriptorOperation& operation) {
    users_[direction] = &operation;
  }
  void EndUse(Direction direction) {
    users_[direction] = nullptr;
    CloseIfUnused();
  }

  // Closes the descriptor if this is closed and nothing is under way.
  void CloseIfUnused() {
    if (is_closed_ && !is_in_use()) CloseDescriptor();
  }

  // The operation that goes on here whether or not a task waits for it, if
  // there is one. Nobody else receives while it is armed.
  virtual Multishot* multishot() const { return nullptr; }

  // An operation in this direction was told by `error` that the connection is
  // unusable.
  virtual void OnBroken(Direction /*direction*/, int /*error*/) {}

 protected:
  explicit SharedDescriptor(int fd) : fd_(fd), number_(fd) {}
  virtual ~SharedDescriptor() { CloseDescriptor(); }

  // Whether something was received that nobody has taken.
  virtual bool HoldsReceived() const;

 private:
  template <typename Descriptor>
  friend class DescriptorRef;

  bool is_in_use() const;
  void CloseDescriptor();

  int fd_;
  const int number_;  // That it has or had.
  int references_ = 0;
  bool is_closed_ = false;
  DescriptorOperation* users_[2] = {nullptr, nullptr};
};

// A reference to a class that is a SharedDescriptor. The last one deletes it.
template <typename Descriptor>
class DescriptorRef {
 public:
  DescriptorRef() = default;
  explicit DescriptorRef(Descriptor* descriptor) : descriptor_(descriptor) {
    if (descriptor_ != nullptr) ++descriptor_->references_;
  }
  DescriptorRef(const DescriptorRef& other)
      : DescriptorRef(other.descriptor_) {}
  DescriptorRef(DescriptorRef&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  DescriptorRef& operator=(DescriptorRef other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DescriptorRef() {
    static_assert(std::is_base_of_v<SharedDescriptor, Descriptor>);
    SharedDescriptor* const descriptor = descriptor_;
    if (descriptor != nullptr && --descriptor->references_ == 0) {
      delete descriptor;
    }
  }

  // A new one.
  template <typename... Args>
  static DescriptorRef Make(Args&&... args) {
    return DescriptorRef(new Descriptor(std::forward<Args>(args)...));
  }

  Descriptor* get() const { return descriptor_; }
  Descriptor* operator->() const { return descriptor_; }
  Descriptor& operator*() const { return *descriptor_; }
  explicit operator bool() const { return descriptor_ != nullptr; }

 private:
  Descriptor* descriptor_ = nullptr;
};

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_SHARED_DESCRIPTOR_H_
