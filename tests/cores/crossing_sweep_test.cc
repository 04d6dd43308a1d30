// SPDX-License-Identifier: Apache-2.0
//
// Core::RunOn(), RunHandle::Call() and ServeTcpOnCores(), cancelled at each
// point and failed at each kernel operation: of the run that calls, and of the
// run that is called.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/serve_tcp_on_cores.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/sync/event.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "creche/threads/run_handle.h"
#include "gtest/gtest.h"
#include "lib/cores/core_set.h"
#include "tests/cores/echo.h"
#include "tests/cores/neighbour.h"
#include "tests/support/free_port.h"

namespace creche {
namespace {

using internal::CoreSet;

// This run becomes core 0, and the neighbour core 1.
std::shared_ptr<CoreSet> MakeCores(Neighbour& neighbour) {
  auto cores = std::make_shared<CoreSet>(2);
  neighbour.Post([cores] { cores->Arrive(1, RunHandle::Current()); });
  cores->Arrive(0, RunHandle::Current());
  return cores;
}

// Counts those that exist.
class Counted {
 public:
  explicit Counted(std::atomic<int>& count) : count_(count) { ++count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count_; }

 private:
  std::atomic<int>& count_;
};

Task<absl::Status> Work(std::atomic<int>& at_work) {
  const Counted counted(at_work);
  co_await Checkpoint();
  co_await SleepFor(absl::Milliseconds(1));
  co_return absl::OkStatus();
}

// The same, with kernel operations.
Task<absl::Status> Talk(std::atomic<int>& at_work) {
  const Counted counted(at_work);
  TcpListener listener =
      co_await Try(ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)));
  TcpStream client = co_await Try(ConnectTcp(listener.local_address()));
  TcpStream server = co_await Try(listener.Accept());
  co_await Try(client.SendAll("x"));
  char byte = 0;
  co_return co_await server.ReceiveExactly(absl::MakeSpan(&byte, 1));
}

TEST(CrossingSweepTest, TheCallerOfRunOn) {
  Neighbour neighbour;
  std::atomic<int> at_work = 0;
  auto body = [&]() -> Task<absl::Status> {
    const std::shared_ptr<CoreSet> cores = MakeCores(neighbour);
    Core core(*cores, 0);
    auto there = [&]() -> Task<absl::Status> {
      co_return co_await Work(at_work);
    };
    co_return co_await core.RunOn(1, there);
  };
  // Whoever calls has waited for the end.
  auto check = [&] { EXPECT_EQ(at_work, 0); };
  EXPECT_GE(CancelEverywhere(body, check), 2U);
}

// What a run does for somebody else; counts itself while it does.
using WorkFunction = Task<absl::Status> (*)(std::atomic<int>&);

// A run whose main waits until `work`, which the neighbour has called there,
// has ended: for sweeps. `call(neighbour, cores, here, ended)`, on the
// neighbour's thread, calls here() in that run, and tells `ended` what it got.
template <typename Call>
class CalledRun {
 public:
  CalledRun(WorkFunction work, Call call) : work_(work), call_(call) {}

  Task<> Main() {
    const std::shared_ptr<CoreSet> cores = MakeCores(neighbour_);
    // The work may go on when this main has been cancelled.
    const auto is_over = std::make_shared<Event>();
    auto here = [this, is_over]() -> Task<absl::Status> {
      absl::Status worked = co_await work_(at_work_);
      is_over->Set();
      co_return worked;
    };
    std::promise<absl::Status> ended;
    ended_ = ended.get_future();
    neighbour_.Post([this, cores, here, ended = std::move(ended)]() mutable {
      call_(neighbour_, cores, here, std::move(ended));
    });
    co_await is_over->Wait();
  }

  // After the run: whoever called hears of an end, whichever.
  void Check() {
    ended_.wait();
    EXPECT_EQ(at_work_, 0);
  }

 private:
  const WorkFunction work_;
  Call call_;
  std::atomic<int> at_work_ = 0;
  std::future<absl::Status> ended_;
  Neighbour neighbour_;
};

// From a task of the neighbour.
struct ByRunOn {
  template <typename F>
  void operator()(Neighbour& neighbour, std::shared_ptr<CoreSet> cores, F here,
                  std::promise<absl::Status> ended) const {
    auto task = [cores = std::move(cores), here,
                 ended = std::move(ended)]() mutable -> Task<> {
      Core core(*cores, 1);
      auto running = core.RunOn(0, here);
      ended.set_value(co_await std::move(running));
    };
    neighbour.nursery().StartSoon(std::move(task));
  }
};

// From the neighbour's thread, which blocks.
struct ByCall {
  template <typename F>
  void operator()(Neighbour&, const std::shared_ptr<CoreSet>& cores, F here,
                  std::promise<absl::Status> ended) const {
    ended.set_value(cores->run(0).Call(here));
  }
};

template <typename Call>
void SweepCalled(Call call) {
  CalledRun<Call> cancelled(&Work, call);
  const std::size_t points =
      CancelEverywhere([&]() -> Task<> { co_await cancelled.Main(); },
                       [&] { cancelled.Check(); });
  EXPECT_GE(points, 4U);
  CalledRun<Call> failing(&Talk, call);
  const std::size_t operations = FailEverywhere(
      [&]() -> Task<> { co_await failing.Main(); }, [&] { failing.Check(); });
  EXPECT_GE(operations, 4U);
}

TEST(CrossingSweepTest, TheCalledOfRunOn) { SweepCalled(ByRunOn()); }

TEST(CrossingSweepTest, TheCalledOfCall) { SweepCalled(ByCall()); }

// One that calls itself is both.
TEST(CrossingSweepTest, RunOnOnItsOwnCore) {
  std::atomic<int> at_work = 0;
  auto body = [&]() -> Task<absl::Status> {
    CoreSet cores(1);
    cores.Arrive(0, RunHandle::Current());
    Core core(cores, 0);
    auto talk = [&]() -> Task<absl::Status> {
      co_return co_await Talk(at_work);
    };
    co_return co_await core.RunOn(0, talk);
  };
  auto check = [&] { EXPECT_EQ(at_work, 0); };
  EXPECT_GE(CancelEverywhere(body, check), 8U);
  EXPECT_GE(FailEverywhere(body, check), 4U);
}

// A server on one core, and a client in the same run.
Task<absl::Status> ServeOne(std::uint16_t port, Balance balance) {
  CoreSet cores(1);
  cores.Arrive(0, RunHandle::Current());
  Core core(cores, 0);
  auto handler = [&](TcpStream stream) -> Task<> {
    EXPECT_EQ(core.connections(0), 1U);
    co_await Echo(std::move(stream));
  };
  auto serve = [&]() -> Task<absl::Status> {
    co_return co_await ServeTcpOnCores(core, "127.0.0.1", port, handler,
                                       ServeOptions(), balance);
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    co_await WaitAllTasksBlocked();  // It listens.
    TcpStream client = co_await Try(ConnectTcp("127.0.0.1", port));
    co_await Try(AskEcho(client));
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  absl::Status ended = co_await WithNursery(body);
  EXPECT_EQ(core.connections(0), 0U);
  co_return ended;
}

TEST(CrossingSweepTest, ServeTcpOnCores) {
  const std::uint16_t port = FreePort();
  for (const Balance balance : {Balance::kReusePort, Balance::kHandOver}) {
    auto body = [&]() -> Task<absl::Status> {
      co_return co_await ServeOne(port, balance);
    };
    EXPECT_GE(CancelEverywhere(body), 8U);
    EXPECT_GE(FailEverywhere(body), 6U);
  }
}

}  // namespace
}  // namespace creche
