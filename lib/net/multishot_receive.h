// SPDX-License-Identifier: Apache-2.0
//
// MultishotReceive: what a stream has received, and what it will receive.

#ifndef CRECHE_LIB_NET_MULTISHOT_RECEIVE_H_
#define CRECHE_LIB_NET_MULTISHOT_RECEIVE_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "creche/net/internal/stream_socket.h"
#include "creche/net/received_block.h"
#include "lib/uring/multishot.h"

namespace creche::internal {

class MultishotReceive final : public Multishot {
 public:
  explicit MultishotReceive(StreamSocket& socket) : Multishot(socket) {}

  // Returns false if it should not be used now: the port cannot, it has run out
  // of blocks, or so much comes on this stream that blocks are too small.
  bool Start();
  bool is_empty() const override { return blocks_.empty(); }
  void Clear() override { blocks_.clear(); }

  // Requires: there is one.
  ReceivedBlock TakeBlock();
  // Copies. Returns how much.
  size_t TakeBytes(absl::Span<char> buffer);
  // What has gone wrong, once. 0: nothing.
  int TakeError() { return std::exchange(error_, 0); }
  // All has come that ever will.
  bool is_at_end() const { return is_at_end_; }

  // Whether blocks of the ring are too small for this stream. It then receives
  // into larger ones, and reports how much has come.
  bool is_bulky() const { return few_in_a_row_ < kSmallReceivesToSwitchBack; }
  void ReceivedWithout(size_t size);

 private:
  // After so many receives in a row that would have fit into a block of the
  // ring, the stream receives into the ring again.
  static constexpr int kSmallReceivesToSwitchBack = 16;

  bool Keep(int result, unsigned flags) override;

  BlockRing* ring_ = nullptr;  // Where its blocks are from while it is armed.
  std::vector<ReceivedBlock> blocks_;
  int few_in_a_row_ = kSmallReceivesToSwitchBack;
  int error_ = 0;
  bool is_at_end_ = false;
  bool is_refused_ = false;  // By the kernel.
  bool has_run_out_ = false;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_MULTISHOT_RECEIVE_H_
