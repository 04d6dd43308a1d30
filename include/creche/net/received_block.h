// SPDX-License-Identifier: Apache-2.0
//
// ReceivedBlock: bytes that a stream has received, in memory that is lent.
//
//   creche::ReceivedBlock block = co_await creche::Try(stream.Receive());
//   if (block.empty()) co_return absl::OkStatus();  // The end of the stream.
//   Parse(block.view());

#ifndef CRECHE_NET_RECEIVED_BLOCK_H_
#define CRECHE_NET_RECEIVED_BLOCK_H_

#include <cstddef>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/internal/misuse.h"
#include "creche/net/internal/forward.h"
#include "creche/uring/internal/forward.h"

namespace creche {

// Gives the memory back when it is destroyed. All streams of a run share 8 MiB
// of it (on epoll 64 MiB, of which it uses what it needs), so do not keep
// blocks for long: copy what is needed later. (Nobody waits for a block to come
// back: where they are all lent, streams receive into memory that is
// allocated.)
//
// It may outlive the stream and the run, on the same thread; and that thread's
// end, on any.
class ReceivedBlock {
 public:
  // Empty.
  ReceivedBlock() = default;
  ReceivedBlock(ReceivedBlock&& other) noexcept { Swap(other); }
  ReceivedBlock& operator=(ReceivedBlock&& other) noexcept {
    ReceivedBlock taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~ReceivedBlock() {
    if (memory_ != nullptr) GiveBack();
  }

  // How many bytes there are.
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  // The bytes may be changed.
  char* data() { return memory_ + begin_; }
  const char* data() const { return memory_ + begin_; }
  absl::string_view view() const { return {data(), size_}; }

  // Drops the first `size` bytes. Requires: there are as many.
  void RemovePrefix(size_t size) {
    if (size > size_) {
      internal::Misuse("ReceivedBlock::RemovePrefix(): more than there is");
    }
    begin_ += size;
    size_ -= size;
  }

 private:
  friend class internal::MultishotReceive;
  friend class internal::ReceiveBlockOperation;

  // How much a block holds that is not of a ring.
  static constexpr size_t kOwnSize = 65536;

  ReceivedBlock(internal::BlockRing& ring, unsigned id, size_t size);
  static ReceivedBlock Allocate();

  void GiveBack();
  void Swap(ReceivedBlock& other) {
    std::swap(memory_, other.memory_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    std::swap(ring_, other.ring_);
    std::swap(id_, other.id_);
  }

  char* memory_ = nullptr;
  size_t begin_ = 0;
  size_t size_ = 0;
  internal::BlockRing* ring_ = nullptr;  // nullptr: allocated.
  unsigned id_ = 0;
};

}  // namespace creche

#endif  // CRECHE_NET_RECEIVED_BLOCK_H_
