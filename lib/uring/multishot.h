// SPDX-License-Identifier: Apache-2.0
//
// Multishot: an operation on a descriptor that the kernel answers again and
// again, whether or not a task waits.

#ifndef CRECHE_LIB_URING_MULTISHOT_H_
#define CRECHE_LIB_URING_MULTISHOT_H_

#include "creche/uring/internal/shared_descriptor.h"
#include "creche/uring/operation_port.h"

namespace creche::internal {

// Each descriptor has at most one, which belongs to it: what has come and was
// not asked for is kept here. While it is under way it keeps the
// SharedDescriptor alive, and the descriptor open; closing that ends it.
//
// The task that waits, if any, is the descriptor's operation that receives, and
// is told of everything that comes.
class Multishot : public Operation {
 public:
  virtual ~Multishot() = default;

  bool is_armed() const { return port_ != nullptr; }

  // Asks the kernel to end it. More may come until it has ended.
  void Disarm();

  // Whether nothing is kept.
  virtual bool is_empty() const = 0;
  // Drops what was kept. The descriptor has closed.
  virtual void Clear() = 0;

 protected:
  explicit Multishot(SharedDescriptor& descriptor)
      : Operation(Kind::kBackground), descriptor_(descriptor) {}

  // Requires: it is not armed.
  void Arm(const io_uring_sqe& entry);

  // Keeps what has come, or drops it if the descriptor has closed. Returns true
  // if that is more than should be kept: if nobody waits for it, it is ended.
  virtual bool Keep(int result, unsigned flags) = 0;

  // The operation that waits for what this brings; nullptr if none does.
  DescriptorOperation* waiter() const {
    return descriptor_.user(SharedDescriptor::kReceive);
  }

  SharedDescriptor& descriptor_;

 private:
  void Completed(int result, unsigned flags) final;

  OperationPort* port_ = nullptr;  // Where it is under way.
  bool is_ending_ = false;
  DescriptorRef<SharedDescriptor> keep_alive_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_MULTISHOT_H_
