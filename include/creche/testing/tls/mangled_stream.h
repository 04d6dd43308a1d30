// SPDX-License-Identifier: Apache-2.0
//
// MangledStream: a stream on which the peer's bytes arrive split, merged, late,
// changed or cut off. For tests of protocols, TLS among them.
//
//   auto [client_end, server_end] = creche::MemoryStreamPair();
//   creche::MangledStream mangled(
//       creche::AnyStream(std::move(client_end)),
//       creche::Mangling().set_max_piece(3).set_cut_after(1000));

#ifndef CRECHE_TESTING_TLS_MANGLED_STREAM_H_
#define CRECHE_TESTING_TLS_MANGLED_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/io/any_stream.h"

namespace creche {

// What becomes of the bytes that a MangledStream receives. Nothing, by default.
class Mangling {
 public:
  // Later than any byte.
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  Mangling() {}  // NOLINT: an aggregate would be destroyed twice.

  // Of the sizes and the delays.
  Mangling& set_seed(std::uint32_t seed) {
    seed_ = seed;
    return *this;
  }
  // They arrive in pieces of 1 to so many bytes.
  Mangling& set_max_piece(std::size_t size) {
    max_piece_ = size;
    return *this;
  }
  // They arrive when there are so many of them, or when no more come.
  Mangling& set_merged(std::size_t size) {
    merged_ = size;
    return *this;
  }
  // Each piece arrives up to so much later.
  Mangling& set_max_delay(absl::Duration delay) {
    max_delay_ = delay;
    return *this;
  }
  // After so many bytes there is an end, as if the peer had closed.
  Mangling& set_cut_after(std::size_t bytes) {
    cut_after_ = bytes;
    return *this;
  }
  // The byte after so many others has one bit changed.
  Mangling& set_flip_at(std::size_t byte) {
    flip_at_ = byte;
    return *this;
  }

  std::uint32_t seed() const { return seed_; }
  std::size_t max_piece() const { return max_piece_; }
  std::size_t merged() const { return merged_; }
  absl::Duration max_delay() const { return max_delay_; }
  std::size_t cut_after() const { return cut_after_; }
  std::size_t flip_at() const { return flip_at_; }

 private:
  std::uint32_t seed_ = 1;
  std::size_t max_piece_ = kNever;
  std::size_t merged_ = 1;
  absl::Duration max_delay_;
  std::size_t cut_after_ = kNever;
  std::size_t flip_at_ = kNever;
};

// A ByteStream (io/byte_stream.h).
class MangledStream {
 public:
  // Mangles what `stream` receives.
  MangledStream(AnyStream stream, Mangling mangling);
  MangledStream(MangledStream&&) noexcept;
  MangledStream& operator=(MangledStream&&) noexcept;
  ~MangledStream();

  // Cancellation: safe.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<std::size_t>> ReceiveSome(
      absl::Span<char> buffer);
  // Cancellation: as of the stream in it.
  CRECHE_CORO_WRAPPER Task<absl::Status> SendAll(absl::string_view data);
  // Cancellation: as of the stream in it.
  CRECHE_CORO_WRAPPER Task<absl::Status> SendEof();
  // As HasTrySend says.
  std::size_t TrySend(absl::string_view data);
  // As of ByteStream.
  void Close();

 private:
  class State;

  // Shared with the operations that are under way.
  std::shared_ptr<State> state_;
};

}  // namespace creche

#endif  // CRECHE_TESTING_TLS_MANGLED_STREAM_H_
