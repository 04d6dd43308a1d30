// SPDX-License-Identifier: Apache-2.0
//
// A stream that is received from through a BufferedReader is as good as the
// stream.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/byte_stream.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/memory_stream.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

class ReadStream {
 public:
  explicit ReadStream(MemoryStream stream)
      : reader_(
            std::make_unique<BufferedReader<MemoryStream>>(std::move(stream))) {
  }

  Task<absl::StatusOr<std::size_t>> ReceiveSome(absl::Span<char> buffer) {
    const std::string read = co_await Try(reader_->ReadSome(buffer.size()));
    std::copy(read.begin(), read.end(), buffer.begin());
    co_return read.size();
  }
  Task<absl::Status> ReceiveExactly(absl::Span<char> buffer) {
    const auto read = co_await reader_->ReadExactly(buffer.size());
    if (read.ok()) std::copy(read->begin(), read->end(), buffer.begin());
    if (IsEndOfStream(read.status())) co_await Try(ReceiveSome(buffer));
    co_return read.status();
  }
  CRECHE_CORO_WRAPPER auto SendAll(absl::string_view data) {
    return reader_->stream().SendAll(data);
  }
  CRECHE_CORO_WRAPPER auto SendEof() { return reader_->stream().SendEof(); }
  void Close() { reader_->stream().Close(); }

 private:
  std::unique_ptr<BufferedReader<MemoryStream>> reader_;
};
static_assert(ByteStream<ReadStream>);

std::pair<ReadStream, ReadStream> ReadStreams(std::size_t capacity) {
  auto [first, second] = MemoryStreamPair(capacity);
  return {ReadStream(std::move(first)), ReadStream(std::move(second))};
}

TEST(BufferedConformanceTest, AReadStreamIsAByteStream) {
  CheckHalfCloseableStream([] { return ReadStreams(1 << 20); },
                           [] { return ReadStreams(16); });
}

}  // namespace
}  // namespace creche
