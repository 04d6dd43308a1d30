// SPDX-License-Identifier: Apache-2.0
//
// Balance::kHandOver where the part of a core ends, or has ended, while
// connections come: all cores in one run, so that the order is known.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/serve_tcp_on_cores.h"
#include "creche/debug/task_tree.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/sync/event.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/cores/core_set.h"
#include "tests/cores/echo.h"
#include "tests/support/free_port.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using internal::CoreSet;
using ::testing::HasSubstr;

// The server's part on one of the cores, whose connections may go on for an
// hour after its end.
class Part {
 public:
  Part(CoreSet& cores, std::size_t index, std::uint16_t port)
      : core_(cores, index), port_(port) {}

  Task<> Serve() {
    auto handler = [&](TcpStream stream) -> Task<> {
      ++served_;
      co_await Echo(std::move(stream));
    };
    ServeOptions options;
    options.set_grace(absl::Hours(1));
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await ServeTcpOnCores(core_, "127.0.0.1", port_, handler,
                                         options, Balance::kHandOver);
    };
    (void)co_await scope_.Run(serve);
  }
  void Cancel() { scope_.Cancel(); }
  int served() const { return served_; }

 private:
  Core core_;
  const std::uint16_t port_;
  CancelScope scope_;
  int served_ = 0;
};

CRECHE_TEST(HandOverTest, ACoreInItsGraceGetsNoMore) {
  const std::uint16_t port = FreePort();
  CoreSet cores(2);
  cores.connections(0) = 100;  // Gives away, while others take.
  Part first(cores, 0, port);
  Part second(cores, 1, port);
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([&]() -> Task<> { co_await second.Serve(); });
    nursery.StartSoon([&]() -> Task<> { co_await first.Serve(); });
    co_await WaitAllTasksBlocked();
    TcpStream before = co_await Try(ConnectTcp("127.0.0.1", port));
    co_await Try(AskEcho(before));
    EXPECT_EQ(second.served(), 1);
    second.Cancel();
    co_await WaitAllTasksBlocked();
    TcpStream after = co_await Try(ConnectTcp("127.0.0.1", port));
    co_await Try(AskEcho(after));
    EXPECT_EQ(first.served(), 1);
    EXPECT_EQ(second.served(), 1);
    co_await Try(AskEcho(before));
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  CO_ASSERT_THAT(co_await WithNursery(body), IsOk());
  EXPECT_EQ(cores.connections(0), 100U);
  EXPECT_EQ(cores.connections(1), 0U);
}

class NamedHandlerTest : public ::testing::TestWithParam<Balance> {};

TEST_P(NamedHandlerTest, TasksOfConnectionsHaveItsName) {
  auto main = []() -> Task<absl::Status> {
    const std::uint16_t port = FreePort();
    CoreSet cores(1);
    Core core(cores, 0);
    std::string tasks;
    Event is_served;
    auto look = [&](TcpStream) -> Task<> {
      std::ostringstream all;
      DumpTasks(all);
      tasks = all.str();
      is_served.Set();
      co_return;
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        auto named = Named("client", look);
        co_return co_await ServeTcpOnCores(core, "127.0.0.1", port, named,
                                           ServeOptions(), GetParam());
      });
      co_await WaitAllTasksBlocked();
      TcpStream stream = co_await Try(ConnectTcp("127.0.0.1", port));
      co_await is_served.Wait();
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    absl::Status ended = co_await WithNursery(body);
    EXPECT_THAT(tasks, HasSubstr("task 'client' is running"));
    co_return ended;
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Both, NamedHandlerTest,
                         ::testing::Values(Balance::kReusePort,
                                           Balance::kHandOver));

// The handlers of core 0 have failed, say, just when this one came.
CRECHE_TEST(HandOverTest, WhereNoCoreTakesAnyAConnectionIsClosed) {
  TcpListener listener = *co_await ListenTcp("127.0.0.1", 0);
  const std::uint16_t port = listener.port();
  CoreSet cores(2);
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(internal::HandOut,
                      std::ref(cores.hand_over("127.0.0.1", port)),
                      std::move(listener), ServeOptions());
    TcpStream stream = co_await Try(ConnectTcp("127.0.0.1", port));
    char byte = 0;
    EXPECT_EQ(*co_await stream.ReceiveSome(absl::MakeSpan(&byte, 1)), 0U);
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  CO_ASSERT_THAT(co_await WithNursery(body), IsOk());
  EXPECT_EQ(cores.connections(0), 0U);
}

}  // namespace
}  // namespace creche
