// SPDX-License-Identifier: Apache-2.0
//
// What docs/recipes.md shows for servers, signals and descriptors.

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace {

using creche::IsOk;
using creche::IsOkAndHolds;
using creche::Nursery;
using creche::StatusIs;
using creche::Task;
using creche::Try;

// Serves; on SIGHUP, reads the settings again.
template <typename Reload, typename Serve>
Task<absl::Status> ServeAndReload(Reload reload, Serve serve) {
  auto body = [&](creche::SignalReceiver& signals) -> Task<absl::Status> {
    auto reload_on_signal = [&]() -> Task<> {
      for (;;) {
        co_await signals.Receive();
        reload();
      }
    };
    auto both = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(reload_on_signal);
      co_await Try(serve());
      nursery.Cancel("the server has ended");
      co_return absl::OkStatus();
    };
    co_return co_await creche::WithNursery(both);
  };
  co_return co_await creche::WithSignals(creche::SignalSet(SIGHUP), body);
}

TEST(RecipesTest, ASignalReloads) {
  int reloads = 0;
  creche::Event reloaded;
  auto reload = [&] {
    ++reloads;
    reloaded.Set();
  };
  auto serve = [&]() -> Task<absl::Status> {
    raise(SIGHUP);
    co_await reloaded.Wait();
    co_return absl::OkStatus();
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await ServeAndReload(reload, serve);
              }),
              IsOk());
  EXPECT_EQ(reloads, 1);
}

// The signal that has ended the work; none if it came to an end by itself.
template <typename Work>
Task<absl::StatusOr<std::optional<int>>> RunUntilSignal(Work work) {
  using Ended = std::optional<int>;
  auto body =
      [&](creche::SignalReceiver& signals) -> Task<absl::StatusOr<Ended>> {
    const auto [result, signal] =
        co_await creche::Race(work(), signals.Receive());
    // Both, if the work was done before the signal could cancel it.
    if (result.has_value()) co_await Try(*result);
    co_return signal;
  };
  const creche::SignalSet signals(SIGINT, SIGTERM);
  co_return co_await creche::WithSignals(signals, body);
}

TEST(RecipesTest, ASignalIsToldFromTheWorksOwnEnd) {
  auto until_signal = []() -> Task<absl::Status> {
    raise(SIGTERM);
    co_await creche::SleepForever();
    co_return absl::OkStatus();
  };
  auto short_work = []() -> Task<absl::Status> { co_return absl::OkStatus(); };
  auto cancelled = []() -> Task<absl::Status> {
    co_return absl::CancelledError("SIGTERM, somebody else says");
  };
  auto main = [&]() -> Task<> {
    EXPECT_THAT(co_await RunUntilSignal(until_signal), IsOkAndHolds(SIGTERM));
    EXPECT_THAT(co_await RunUntilSignal(short_work),
                IsOkAndHolds(std::nullopt));
    EXPECT_THAT((co_await RunUntilSignal(cancelled)).status(),
                StatusIs(absl::StatusCode::kCancelled));
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

// However it is left: by an error, by a cancellation, by an exception.
class ResetUnlessComplete {
 public:
  explicit ResetUnlessComplete(creche::TcpStream& stream) : stream_(stream) {}
  ResetUnlessComplete(const ResetUnlessComplete&) = delete;
  ResetUnlessComplete& operator=(const ResetUnlessComplete&) = delete;
  ~ResetUnlessComplete() {
    if (!is_complete_) stream_.Abort();
  }
  void Complete() { is_complete_ = true; }

 private:
  creche::TcpStream& stream_;
  bool is_complete_ = false;
};

// The answer ends with the connection, so half of it must not end like that.
template <typename Produce>
Task<absl::Status> SendAnswer(creche::TcpStream stream, Produce produce) {
  ResetUnlessComplete reset(stream);
  for (int i = 0; i < 2; ++i) {
    const std::string part = co_await Try(produce(i));
    co_await Try(stream.SendAll(part));
  }
  reset.Complete();
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> ReceiveAnswer(creche::TcpStream stream) {
  std::string answer;
  for (;;) {
    const creche::ReceivedBlock block = co_await Try(stream.Receive());
    if (block.view().empty()) co_return answer;
    answer += std::string(block.view());
  }
}

// What a client receives from a server that fails in the part of that number.
absl::StatusOr<std::string> AnswerIfFailing(int failing_part) {
  creche::SimulatedNetwork network;
  creche::RunOptions options;
  options.clock = &network.clock();
  options.port = &network.port();
  auto produce = [&](int part) -> Task<absl::StatusOr<std::string>> {
    co_await creche::SleepFor(absl::Seconds(1));
    if (part == failing_part) co_return absl::DataLossError("bad sector");
    co_return "part;";
  };
  auto handler = [&](creche::TcpStream stream) -> Task<> {
    auto send = SendAnswer(std::move(stream), produce);
    (co_await std::move(send)).IgnoreError();
  };
  auto serve = [&](creche::TcpListener listener) -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(listener), handler);
  };
  auto main = [&](Nursery& nursery) -> Task<absl::StatusOr<std::string>> {
    auto listener = co_await Try(creche::ListenTcp("10.0.0.1", 80));
    nursery.StartSoon(serve, std::move(listener));
    auto stream = co_await Try(creche::ConnectTcp("10.0.0.1", 80));
    auto answer = co_await ReceiveAnswer(std::move(stream));
    nursery.Cancel("the answer is here");
    co_return answer;
  };
  return creche::Run(std::move(options),
                     [&]() -> Task<absl::StatusOr<std::string>> {
                       co_return co_await creche::WithNursery(main);
                     });
}

TEST(RecipesTest, HalfAnAnswerIsAnError) {
  EXPECT_THAT(AnswerIfFailing(2), IsOkAndHolds("part;part;"));
  EXPECT_TRUE(creche::IsBrokenResource(AnswerIfFailing(1).status()));
}

// Of another library, which says when its descriptor is worth a call.
class Library {
 public:
  int fd() const { return fd_; }
  bool IsDone() const { return sum_ == 3; }
  void Process() {
    eventfd_t count = 0;
    if (eventfd_read(fd_, &count) == 0) sum_ += count;
  }
  void Add(int n) { eventfd_write(fd_, static_cast<eventfd_t>(n)); }
  void Close() { close(std::exchange(fd_, -1)); }

 private:
  int fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  eventfd_t sum_ = 0;
};

Task<absl::Status> Drive(Library& library) {
  while (!library.IsDone()) {
    co_await Try(creche::WaitReadable(library.fd()));
    library.Process();  // Must not block: others may have taken what there was.
  }
  co_return absl::OkStatus();
}

// The kernel would keep the file for those that wait for it.
void Stop(Library& library) {
  creche::NotifyClosing(library.fd());
  library.Close();
}

TEST(RecipesTest, AForeignDescriptorIsWaitedFor) {
  Library library;
  Library stopped;
  auto main = [&](Nursery& nursery) -> Task<> {
    auto drive_stopped = [&]() -> Task<> {
      EXPECT_TRUE(creche::IsClosedResource(co_await Drive(stopped)));
    };
    nursery.StartSoon(drive_stopped);
    library.Add(1);
    std::thread other([&] { library.Add(2); });
    EXPECT_THAT(co_await Drive(library), IsOk());
    other.join();
    Stop(library);
    Stop(stopped);
  };
  EXPECT_THAT(creche::Run([&]() -> Task<absl::Status> {
                co_return co_await creche::WithNursery(main);
              }),
              IsOk());
}

// So many connections that they, and what is opened for each of them, leave
// some descriptors for files, logs and the looking up of names.
creche::ServeOptions WithinDescriptors(size_t descriptors_per_connection) {
  constexpr size_t kForOthers = 32;
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  const size_t all = limit.rlim_cur;
  const size_t for_connections = all > kForOthers ? all - kForOthers : 0;
  const size_t connections = for_connections / descriptors_per_connection;
  return creche::ServeOptions().set_max_connections(
      std::max(connections, size_t{1}));
}

TEST(RecipesTest, AServerLeavesDescriptorsForOthers) {
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(WithinDescriptors(2).max_connections(), 16U);
  few.rlim_cur = 30;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_EQ(WithinDescriptors(2).max_connections(), 1U);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
