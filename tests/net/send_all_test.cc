// SPDX-License-Identifier: Apache-2.0
//
// What is known of a send that was cancelled in the middle.

#include <sys/socket.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/unix_socket.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/uring_features.h"
#include "gtest/gtest.h"
#include "tests/support/counting_port.h"

namespace creche {
namespace {

// Sends much where nobody receives, cancels that, and sends again.
absl::Status CancelSendAll(CountingPort& port) {
  RunOptions options;
  options.port = &port;
  auto main = []() -> Task<absl::Status> {
    auto [stream, peer] = co_await Try(UnixStream::Pair());
    const std::string much(size_t{20} << 20, 'x');
    const std::optional<absl::Status> sent =
        co_await MoveOnAfter(absl::Milliseconds(50), stream.SendAll(much));
    EXPECT_FALSE(sent.has_value());
    co_return co_await FailAfter(absl::Seconds(10), stream.SendAll("more"));
  };
  return creche::Run(options, main);
}

TEST(SendAllTest, AStreamKnowsThatPartOfASendHasGone) {
  CountingPort port;
  EXPECT_TRUE(IsBrokenResource(CancelSendAll(port)));
}

// Kernels before 6.1 say of such a send that it was cancelled, as if nothing
// had gone, if they are asked to send all. So they are not asked.
TEST(SendAllTest, AsksForAllOnlyWhereThePartIsReported) {
  UringFeatures old_kernel;
  old_kernel.send_all = false;
  CountingPort port(old_kernel);
  EXPECT_TRUE(IsBrokenResource(CancelSendAll(port)));
  EXPECT_EQ(port.send_flags() & MSG_WAITALL, 0);
}

}  // namespace
}  // namespace creche
