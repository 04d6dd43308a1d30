// SPDX-License-Identifier: Apache-2.0
//
// ExactStream: a stream that is received from by ReceiveExactly(), for checks
// that know ReceiveSome().

#ifndef CRECHE_TESTING_INTERNAL_EXACT_STREAM_H_
#define CRECHE_TESTING_INTERNAL_EXACT_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <random>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/task.h"

namespace creche::internal {

// As of SocketStream (net/socket_stream.h).
template <typename Stream>
concept HasReceiveExactly = requires(Stream& stream, absl::Span<char> buffer) {
  { stream.ReceiveExactly(buffer) } -> AwaitableOf<absl::Status>;
};

// In what is sent through an ExactStream, this byte does not occur.
inline constexpr char kNotReceived = '\xff';

template <typename Stream>
class ExactStream {
 public:
  explicit ExactStream(Stream stream) : stream_(std::move(stream)) {}

  // Fills a part of `buffer`, or in turn what it gets, so that each of both
  // comes after a cancelled other.
  Task<absl::StatusOr<std::size_t>> ReceiveSome(absl::Span<char> buffer) {
    if (Pick(3) == 0) co_return co_await stream_.ReceiveSome(buffer);
    const absl::Span<char> part = buffer.first(1 + Pick(buffer.size()));
    std::fill(part.begin(), part.end(), kNotReceived);
    absl::Status status = co_await stream_.ReceiveExactly(part);
    if (status.ok()) co_return part.size();
    if (!IsEndOfStream(status)) co_return status;
    // What has come before the end is in the buffer.
    const auto end = std::find(part.begin(), part.end(), kNotReceived);
    co_return static_cast<std::size_t>(end - part.begin());
  }
  Task<absl::Status> SendAll(absl::string_view data) {
    co_return co_await stream_.SendAll(data);
  }
  Task<absl::Status> SendEof() { co_return co_await stream_.SendEof(); }
  void Close() { stream_.Close(); }

 private:
  // 0 ... n - 1.
  std::size_t Pick(std::size_t n) { return random_() % n; }

  Stream stream_;
  std::minstd_rand random_;
};

}  // namespace creche::internal

#endif  // CRECHE_TESTING_INTERNAL_EXACT_STREAM_H_
