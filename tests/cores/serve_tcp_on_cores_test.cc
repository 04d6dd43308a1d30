// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/serve_tcp_on_cores.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/run_on_cores.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_in_thread.h"
#include "gtest/gtest.h"
#include "tests/cores/echo.h"
#include "tests/support/free_port.h"
#include "tests/support/open_files.h"

namespace creche {
namespace {

constexpr std::size_t kCores = 4;
constexpr std::size_t kConnections = 12;

Task<TcpStream> ConnectSoon(std::uint16_t port) {
  for (;;) {
    absl::StatusOr<TcpStream> stream = co_await ConnectTcp("127.0.0.1", port);
    if (stream.ok()) co_return *std::move(stream);
    co_await SleepFor(absl::Milliseconds(1));
  }
}

// With all connections open, `look` sees how many each core has.
template <typename Look>
absl::Status ServeAndLook(Balance balance, Look look) {
  const std::uint16_t port = FreePort();
  std::atomic<std::size_t> begun = 0;
  auto main = [&](Core& core) -> Task<absl::Status> {
    auto serve = [&]() -> Task<absl::Status> {
      ++begun;
      co_return co_await ServeTcpOnCores(core, "127.0.0.1", port, Echo,
                                         ServeOptions(), balance);
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(serve);
      if (core.index() != 0) co_return absl::OkStatus();
      while (begun < kCores) co_await SleepFor(absl::Milliseconds(1));
      std::vector<TcpStream> streams;
      for (std::size_t i = 0; i < kConnections; ++i) {
        streams.push_back(co_await ConnectSoon(port));
        co_await Try(AskEcho(streams.back()));
      }
      look(core);
      co_return absl::AbortedError("all are served");
    };
    co_return co_await WithNursery(body);
  };
  return RunOnCores(CoresOptions().set_count(kCores), main);
}

TEST(ServeTcpOnCoresTest, ServesAllOnOnePort) {
  const std::size_t before = OpenFiles();
  auto look = [](Core& core) {
    std::size_t all = 0;
    for (std::size_t i = 0; i < core.count(); ++i) all += core.connections(i);
    EXPECT_EQ(all, kConnections);
  };
  EXPECT_EQ(ServeAndLook(Balance::kReusePort, look),
            absl::AbortedError("all are served"));
  EXPECT_EQ(OpenFiles(), before);
}

TEST(ServeTcpOnCoresTest, HandsOverToTheCoreWithTheFewest) {
  const std::size_t before = OpenFiles();
  auto look = [](Core& core) {
    for (std::size_t i = 0; i < core.count(); ++i) {
      EXPECT_GE(core.connections(i), kConnections / kCores - 1) << i;
      EXPECT_LE(core.connections(i), kConnections / kCores + 1) << i;
    }
  };
  EXPECT_EQ(ServeAndLook(Balance::kHandOver, look),
            absl::AbortedError("all are served"));
  EXPECT_EQ(OpenFiles(), before);
}

TEST(ServeTcpOnCoresTest, HasNoUseForPort0) {
  auto main = [](Core& core) -> Task<absl::Status> {
    co_return co_await ServeTcpOnCores(core, "127.0.0.1", 0, Echo);
  };
  EXPECT_THAT(RunOnCores(CoresOptions().set_count(1), main),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ServeTcpOnCoresTest, SaysThatThePortIsInUse) {
  auto in_use = [](std::uint16_t port) {
    auto main = [port](Core& core) -> Task<absl::Status> {
      co_return co_await ServeTcpOnCores(core, "127.0.0.1", port, Echo);
    };
    EXPECT_THAT(RunOnCores(CoresOptions().set_count(2), main),
                StatusIs(absl::StatusCode::kFailedPrecondition));
  };
  const std::uint16_t port = FreePort();
  auto hold = [&]() -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", port));
    auto others = [&] { in_use(port); };
    co_return co_await RunInThread(others);
  };
  EXPECT_THAT(creche::Run(hold), IsOk());
}

}  // namespace
}  // namespace creche
