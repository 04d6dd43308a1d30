// SPDX-License-Identifier: Apache-2.0
//
// A bug of streams that the suite of testing/check_stream.h must find: a
// ReceiveExactly() that is cancelled takes along what it has received.

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/memory_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

enum Version { kRight, kBuggy };

class ExactMemoryStream {
 public:
  ExactMemoryStream(MemoryStream stream, Version version)
      : stream_(std::move(stream)), version_(version) {}

  Task<absl::StatusOr<std::size_t>> ReceiveSome(absl::Span<char> buffer) {
    if (kept_.empty()) co_return co_await stream_.ReceiveSome(buffer);
    const std::size_t size = std::min(kept_.size(), buffer.size());
    std::copy_n(kept_.begin(), size, buffer.begin());
    kept_.erase(0, size);
    co_return size;
  }

  Task<absl::Status> ReceiveExactly(absl::Span<char> buffer) {
    std::string lost;
    std::string& received = version_ == kBuggy ? lost : kept_;
    while (received.size() < buffer.size()) {
      const absl::Span<char> rest = buffer.subspan(received.size());
      const std::size_t size = co_await Try(stream_.ReceiveSome(rest));
      received.append(rest.data(), size);
      if (size == 0) break;
    }
    const std::size_t size = std::min(received.size(), buffer.size());
    std::copy_n(received.begin(), size, buffer.begin());
    received.erase(0, size);
    if (size == buffer.size()) co_return absl::OkStatus();
    co_return EndOfStreamError("the peer has ended");
  }

  Task<absl::Status> SendAll(absl::string_view data) {
    co_return co_await stream_.SendAll(data);
  }
  Task<absl::Status> SendEof() { co_return co_await stream_.SendEof(); }
  void Close() {
    stream_.Close();
    kept_.clear();
  }

 private:
  MemoryStream stream_;
  Version version_;
  std::string kept_;
};

std::string FailuresOfSuite(Version version) {
  auto maker = [version] {
    auto pair = MemoryStreamPair();
    return std::make_pair(ExactMemoryStream(std::move(pair.first), version),
                          ExactMemoryStream(std::move(pair.second), version));
  };
  return FailuresOf([&] { CheckHalfCloseableStream(maker); });
}

TEST(PlantedStreamTest, ACancelledReceiveExactlyThatLosesBytes) {
  EXPECT_THAT(FailuresOfSuite(kBuggy),
              HasSubstr("KeepsTheLedger by ReceiveExactly"));
  EXPECT_EQ(FailuresOfSuite(kRight), "");
}

}  // namespace
}  // namespace creche
