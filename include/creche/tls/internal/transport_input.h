// SPDX-License-Identifier: Apache-2.0
//
// TransportInput: what a TLS connection has received and not decrypted yet.

#ifndef CRECHE_TLS_INTERNAL_TRANSPORT_INPUT_H_
#define CRECHE_TLS_INTERNAL_TRANSPORT_INPUT_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/io/byte_stream.h"
#include "creche/net/received_block.h"

namespace creche::internal {

// Streams that lend the memory that they receive into.
template <typename Stream>
concept LendsBlocks = requires(Stream& stream) {
  { stream.Receive() } -> AwaitableOf<absl::StatusOr<ReceivedBlock>>;
};

// In a buffer, which exists from the first receive on.
template <typename Stream>
class TransportInput {
 public:
  // Waits for bytes. Leaves view() empty if there will be none. What was there
  // before is gone.
  // Cancellation: safe.
  Task<absl::Status> ReceiveFrom(Stream& transport) {
    size_ = 0;
    if (buffer_ == nullptr)
      buffer_ = std::make_unique_for_overwrite<char[]>(kSize);
    const absl::StatusOr<std::size_t> size =
        co_await transport.ReceiveSome(absl::MakeSpan(buffer_.get(), kSize));
    if (!size.ok()) co_return size.status();
    size_ = *size;
    co_return absl::OkStatus();
  }

  absl::string_view view() const { return {buffer_.get(), size_}; }

  // Nobody needs what is in view() any more.
  void Release() { size_ = 0; }

 private:
  // A record of 16 KiB with what TLS adds (RFC 8446, 5.2).
  static constexpr std::size_t kSize = (16 << 10) + 256;

  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
};

// In lent memory: a connection that has decrypted all that came holds none.
template <LendsBlocks Stream>
class TransportInput<Stream> {
 public:
  Task<absl::Status> ReceiveFrom(Stream& transport) {
    Release();
    absl::StatusOr<ReceivedBlock> block = co_await transport.Receive();
    if (!block.ok()) co_return block.status();
    block_ = *std::move(block);
    co_return absl::OkStatus();
  }

  absl::string_view view() const { return block_.view(); }
  void Release() { block_ = ReceivedBlock(); }

 private:
  ReceivedBlock block_;
};

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_TRANSPORT_INPUT_H_
