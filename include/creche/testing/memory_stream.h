// SPDX-License-Identifier: Apache-2.0
//
// MemoryStreamPair, LockstepStreamPair: two streams that are connected with
// each other, without a kernel.
//
//   auto [client, server] = creche::MemoryStreamPair();
//   nursery.StartSoon(Serve, std::move(server));
//   co_await creche::Try(client.SendAll("hello"));

#ifndef CRECHE_TESTING_MEMORY_STREAM_H_
#define CRECHE_TESTING_MEMORY_STREAM_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/testing/internal/forward.h"

namespace creche {

// A ByteStream (io/byte_stream.h). Each operation lets other tasks run before
// it does anything, to show what relies on its being fast.
class MemoryStream {
 public:
  MemoryStream(MemoryStream&&) noexcept = default;
  MemoryStream& operator=(MemoryStream&& other) noexcept;
  ~MemoryStream() { Close(); }

  // Cancellation: safe.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::size_t>> ReceiveSome(
      absl::Span<char> buffer);

  // Cancellation: partial: see ByteStream.
  CRECHE_CORO_WRAPPER Task<absl::Status> SendAll(absl::string_view data);

  // Cancellation: safe.
  CRECHE_CORO_WRAPPER Task<absl::Status> SendEof();

  // As HasTrySend (io/byte_stream.h) says.
  std::size_t TrySend(absl::string_view data);

  // Same as ByteStream.
  void Close();

  // As HasAbort (io/byte_stream.h) says: as TcpStream::Abort() does it.
  void Abort();

  // What the peer has sent, and nobody has received.
  std::size_t unread() const;

 private:
  friend std::pair<MemoryStream, MemoryStream> MemoryStreamPair(
      std::size_t capacity);

  MemoryStream(std::shared_ptr<internal::MemoryPipe> in,
               std::shared_ptr<internal::MemoryPipe> out);

  std::shared_ptr<internal::MemoryPipe> in_;
  std::shared_ptr<internal::MemoryPipe> out_;
};

// In each direction, up to `capacity` bytes can be sent before the other side
// receives.
std::pair<MemoryStream, MemoryStream> MemoryStreamPair(
    std::size_t capacity = std::numeric_limits<std::size_t>::max());

// Nothing is buffered: SendAll() returns when the peer has received everything.
std::pair<MemoryStream, MemoryStream> LockstepStreamPair();

}  // namespace creche

#endif  // CRECHE_TESTING_MEMORY_STREAM_H_
