// SPDX-License-Identifier: Apache-2.0
//
// ServeTcp with a limit: who is one too many is not accepted.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/task.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/serve_tcp.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

constexpr size_t kLimit = 3;
constexpr size_t kClients = 100;

// How many connections wait in the backlog of a listener.
size_t Backlog(int fd) {
  tcp_info info = {};
  socklen_t size = sizeof(info);
  EXPECT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  return info.tcpi_unacked;
}

TcpListener Listen() {
  return ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
}

Task<std::vector<TcpStream>> Connect(SocketAddress address, size_t count) {
  std::vector<TcpStream> clients;
  for (size_t i = 0; i < count; ++i) {
    auto connect = ConnectTcp(address);
    clients.push_back((co_await std::move(connect)).value());
  }
  co_return clients;
}

// Serves kLimit at a time; each connection lasts until somebody is unparked.
Task<> ServeSome(TcpListener listener, ParkingLot& served) {
  auto handler = [&](TcpStream) -> Task<> { co_await served.Park(); };
  auto serving = ServeTcp(std::move(listener), handler,
                          ServeOptions().set_max_connections(kLimit));
  (co_await std::move(serving)).IgnoreError();
}

// What the server has, and what it has left in the backlog, as one after the
// other ends.
Task<> ExpectTheOthersToWait(int listener, ParkingLot& served, size_t files) {
  for (size_t gone = 0; gone < 2 * kLimit; ++gone) {
    while (served.size() < kLimit) co_await WaitAllTasksBlocked();
    EXPECT_EQ(Backlog(listener), kClients - kLimit - gone);
    EXPECT_EQ(OpenFiles(), files + kLimit);
    served.Unpark();
  }
}

TEST(ServeTcpLimitTest, ACrowdThatIsThereBeforeWaits) {
  auto main = []() -> Task<> {
    TcpListener listener = Listen();
    const int fd = listener.fd();
    auto connect = Connect(listener.local_address(), kClients);
    const std::vector<TcpStream> clients = co_await std::move(connect);
    const size_t files = OpenFiles();
    ParkingLot served;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(ServeSome, std::move(listener), std::ref(served));
      co_await ExpectTheOthersToWait(fd, served, files);
      nursery.Cancel();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// By an Accept() from before, the kernel has been told to go on accepting.
TEST(ServeTcpLimitTest, ACrowdThatComesLaterWaits) {
  auto main = []() -> Task<> {
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    const int fd = listener.fd();
    const std::vector<TcpStream> first = co_await Connect(address, 1);
    const absl::StatusOr<TcpStream> accepted = co_await listener.Accept();
    EXPECT_THAT(accepted, IsOk());
    ParkingLot served;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(ServeSome, std::move(listener), std::ref(served));
      co_await WaitAllTasksBlocked();
      const size_t files = OpenFiles();
      const auto clients = co_await Connect(address, kClients);
      co_await ExpectTheOthersToWait(fd, served, files + kClients);
      nursery.Cancel();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// A server without a limit leaves descriptors to what its handlers open.
TEST(ServeTcpLimitTest, IsHalfOfTheDescriptorsByDefault) {
  auto main = []() -> Task<> {
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    const int fd = listener.fd();
    ParkingLot served;
    auto serve = [&]() -> Task<> {
      auto handler = [&](TcpStream) -> Task<> { co_await served.Park(); };
      auto serving = ServeTcp(std::move(listener), handler);
      (co_await std::move(serving)).IgnoreError();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      rlimit descriptors;
      getrlimit(RLIMIT_NOFILE, &descriptors);
      const rlimit few = {64, descriptors.rlim_max};
      setrlimit(RLIMIT_NOFILE, &few);
      EXPECT_EQ(ServeOptions().max_connections(), 32u);
      nursery.StartSoon(serve);
      co_await WaitAllTasksBlocked();
      // So that the clients, who are here as well, can come.
      setrlimit(RLIMIT_NOFILE, &descriptors);
      const size_t files = OpenFiles();
      auto connect = Connect(address, kClients);
      const std::vector<TcpStream> clients = co_await std::move(connect);
      while (served.size() < 32) co_await WaitAllTasksBlocked();
      EXPECT_EQ(OpenFiles(), files + kClients + 32);
      EXPECT_EQ(Backlog(fd), kClients - 32);
      nursery.Cancel();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ServeTcpLimitTest, IsWhatWasSet) {
  EXPECT_FALSE(ServeOptions().has_max_connections());
  const auto options =
      ServeOptions().set_max_connections(ServeOptions::kUnlimited);
  EXPECT_TRUE(options.has_max_connections());
  EXPECT_EQ(options.max_connections(), ServeOptions::kUnlimited);
}

TEST(ServeTcpLimitDeathTest, IsNotZero) {
  auto main = []() -> Task<absl::Status> {
    auto handler = [](TcpStream) -> Task<> { co_return; };
    auto serving =
        ServeTcp(Listen(), handler, ServeOptions().set_max_connections(0));
    co_return co_await std::move(serving);
  };
  EXPECT_DEATH(RunToTest(main).IgnoreError(),
               "set_max_connections.*at least 1");
}

}  // namespace
}  // namespace creche
