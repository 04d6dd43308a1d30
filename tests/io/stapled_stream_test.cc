// SPDX-License-Identifier: Apache-2.0

#include "creche/io/stapled_stream.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/byte_stream.h"
#include "creche/io/pipe.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using Pipes = StapledStream<PipeReader, PipeWriter>;
static_assert(ByteStream<Pipes>);

absl::StatusOr<std::pair<Pipes, Pipes>> CrossedPipes() {
  auto forth = MakePipe();
  if (!forth.ok()) return forth.status();
  auto back = MakePipe();
  if (!back.ok()) return back.status();
  return std::make_pair(
      Pipes(std::move(back->first), std::move(forth->second)),
      Pipes(std::move(forth->first), std::move(back->second)));
}

// A MemoryStream that is taken apart, and put together again.
using Memory = StapledStream<MemoryStream, MemoryStream>;

Task<std::pair<Memory, Memory>> StapledMemory(size_t capacity) {
  auto [first, second] = MemoryStreamPair(capacity);
  auto [third, fourth] = MemoryStreamPair(capacity);
  co_return std::make_pair(Memory(std::move(first), std::move(third)),
                           Memory(std::move(fourth), std::move(second)));
}

TEST(StapledStreamTest, IsAByteStream) {
  CheckTwoWayStream([]() -> Task<std::pair<Memory, Memory>> {
    co_return co_await StapledMemory(1 << 20);
  });
}

Task<absl::Status> Exchange() {
  auto [first, second] = co_await Try(CrossedPipes());
  co_await Try(first.SendAll("ping"));
  char buffer[4];
  size_t size = 0;
  while (size < sizeof(buffer)) {
    const auto rest = absl::MakeSpan(buffer).subspan(size);
    size += co_await Try(second.ReceiveSome(rest));
  }
  EXPECT_EQ(absl::string_view(buffer, size), "ping");
  co_await Try(first.SendEof());
  const size_t end = co_await Try(second.ReceiveSome(buffer));
  EXPECT_EQ(end, 0U);
  // The other direction is still open.
  co_await Try(second.SendAll("pong"));
  co_await Try(first.ReceiveSome(buffer));
  first.Close();
  EXPECT_EQ(first.receiver().fd(), -1);
  EXPECT_EQ(first.sender().fd(), -1);
  const absl::Status closed = co_await first.SendAll("x");
  EXPECT_TRUE(IsClosedResource(closed)) << closed;
  co_return absl::OkStatus();
}

TEST(StapledStreamTest, IsWhatItsPartsAre) {
  EXPECT_THAT(RunToTest(Exchange), IsOk());
}

TEST(StapledStreamTest, SurvivesEverything) {
  CancelEverywhere(Exchange);
  FailEverywhere(Exchange);
}

// A sender that only knows Close().
class Sink {
 public:
  Task<absl::Status> SendAll(absl::string_view) { co_return absl::OkStatus(); }
  void Close() { is_closed_ = true; }
  bool is_closed() const { return is_closed_; }

 private:
  bool is_closed_ = false;
};

TEST(StapledStreamTest, SendEofClosesASenderThatHasNone) {
  auto main = []() -> Task<absl::Status> {
    auto [first, second] = MemoryStreamPair();
    StapledStream stream(std::move(first), Sink());
    co_await Try(stream.SendEof());
    EXPECT_TRUE(stream.sender().is_closed());
    co_await Try(second.SendAll("x"));
    char buffer[1];
    co_await Try(stream.ReceiveSome(buffer));
    co_return absl::OkStatus();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
