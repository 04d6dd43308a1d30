// SPDX-License-Identifier: Apache-2.0

#include "creche/net/tcp_listener.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/net/connect_tcp.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

template <typename Body>
void WithListener(Body body) {
  const size_t files = OpenFiles();
  auto main = [&]() -> Task<> {
    absl::StatusOr<TcpListener> listener = co_await ListenTcp("127.0.0.1", 0);
    EXPECT_THAT(listener, IsOk());
    if (listener.ok()) co_await body(*listener);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

// Keeps what Accept() gives.
Task<> AcceptInto(TcpListener& listener,
                  std::optional<absl::StatusOr<TcpStream>>& accepted) {
  accepted = co_await listener.Accept();
}

TEST(TcpListenerTest, AcceptsConnections) {
  WithListener([](TcpListener& listener) -> Task<> {
    EXPECT_NE(listener.port(), 0);
    absl::StatusOr<TcpStream> client =
        co_await ConnectTcp("127.0.0.1", listener.port());
    absl::StatusOr<TcpStream> server = co_await listener.Accept();
    EXPECT_EQ(client->local_address(), server->peer_address());
    EXPECT_EQ(client->peer_address(), server->local_address());
  });
}

TEST(TcpListenerTest, ListensOnEveryAddress) {
  auto main = []() -> Task<> {
    absl::StatusOr<TcpListener> listener = co_await ListenTcp("", 0);
    EXPECT_THAT(listener, IsOk());
    absl::StatusOr<TcpStream> client =
        co_await ConnectTcp("127.0.0.1", listener->port());
    EXPECT_THAT(client, IsOk());
    // An IPv4 peer has its own address there, not one mapped to IPv6.
    const absl::StatusOr<TcpStream> server = co_await listener->AcceptOne();
    EXPECT_EQ(server->peer_address(), client->local_address());
    EXPECT_EQ(server->local_address(), client->peer_address());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(TcpListenerTest, CloseWakesAccept) {
  WithListener([](TcpListener& listener) -> Task<> {
    std::optional<absl::StatusOr<TcpStream>> accepted;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(AcceptInto, std::ref(listener), std::ref(accepted));
      for (int i = 0; i < 3; ++i) co_await Checkpoint();
      const absl::StatusOr<TcpStream> second = co_await listener.Accept();
      EXPECT_TRUE(IsBusyResource(second.status())) << second.status();
      listener.Close();
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_TRUE(IsClosedResource(accepted->status())) << accepted->status();
  });
}

TEST(TcpListenerTest, ACancelledAcceptLosesNoConnection) {
  WithListener([](TcpListener& listener) -> Task<> {
    for (int round = 0; round < 200; ++round) {
      std::optional<absl::StatusOr<TcpStream>> accepted;
      std::optional<TcpStream> client;
      CancelScope scope;
      auto body = [&](Nursery& nursery) -> Task<> {
        auto cancel = [&]() -> Task<> {
          client = (co_await ConnectTcp("127.0.0.1", listener.port())).value();
          scope.Cancel();
        };
        nursery.StartSoon(cancel);
        co_await scope.Run(AcceptInto(listener, accepted));
      };
      (co_await WithNursery(body)).IgnoreError();
      if (!accepted.has_value()) accepted = co_await listener.Accept();
      EXPECT_EQ((*accepted)->peer_address(), client->local_address());
    }
  });
}

// The kernel may have accepted what nobody has asked for.
TEST(TcpListenerTest, KeepsWhatNobodyHasAskedFor) {
  WithListener([](TcpListener& listener) -> Task<> {
    std::vector<TcpStream> clients;
    std::vector<SocketAddress> expected;
    for (int i = 0; i < 200; ++i) {
      auto connect = ConnectTcp(listener.local_address());
      clients.push_back((co_await std::move(connect)).value());
      expected.push_back(*clients.back().local_address());
      if (i > 0) continue;
      EXPECT_THAT(co_await listener.Accept(), IsOk());
    }
    for (size_t i = 1; i < clients.size(); ++i) {
      const absl::StatusOr<TcpStream> server = co_await listener.Accept();
      EXPECT_EQ(server->peer_address().value(), expected[i]);
    }
  });
}

// With others in the backlog: each call costs one descriptor.
TEST(TcpListenerTest, AcceptOneTakesOneAndLosesNone) {
  WithListener([](TcpListener& listener) -> Task<> {
    std::vector<TcpStream> clients;
    std::vector<TcpStream> servers;
    for (int i = 0; i < 20; ++i) {
      auto connect = ConnectTcp(listener.local_address());
      clients.push_back((co_await std::move(connect)).value());
    }
    for (const TcpStream& client : clients) {
      const size_t files = OpenFiles();
      auto at_once =
          co_await MoveOnAfter(absl::Microseconds(1), listener.AcceptOne());
      if (!at_once.has_value()) at_once = co_await listener.AcceptOne();
      servers.push_back(std::move(*at_once).value());
      EXPECT_EQ(servers.back().peer_address(), client.local_address());
      EXPECT_EQ(OpenFiles(), files + 1);
    }
    co_await MoveOnAfter(absl::Microseconds(1), listener.AcceptOne());
  });
}

TEST(TcpListenerTest, ClosesWhatNobodyHasAskedFor) {
  WithListener([](TcpListener& listener) -> Task<> {
    std::vector<TcpStream> clients;
    for (int i = 0; i < 200; ++i) {
      auto connect = ConnectTcp(listener.local_address());
      clients.push_back((co_await std::move(connect)).value());
      if (i > 0) continue;
      EXPECT_THAT(co_await listener.Accept(), IsOk());
    }
    listener.Close();
    for (TcpStream& client : clients) {
      char buffer[1];
      const absl::StatusOr<size_t> size = co_await client.ReceiveSome(buffer);
      EXPECT_TRUE(IsBrokenResource(size.status()) || size.value() == 0);
    }
  });
}

TEST(TcpListenerTest, AListenerThatAcceptsOutlivesTheRun) {
  const size_t files = OpenFiles();
  {
    std::optional<TcpListener> listener;
    auto accept = [&]() -> Task<> {
      auto connect = ConnectTcp(listener->local_address());
      const absl::StatusOr<TcpStream> client = co_await std::move(connect);
      const absl::StatusOr<TcpStream> server = co_await listener->Accept();
      EXPECT_EQ(server->peer_address(), client->local_address());
    };
    auto main = [&]() -> Task<> {
      listener = ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
      co_await accept();
    };
    EXPECT_THAT(RunToTest(main), IsOk());
    EXPECT_THAT(RunToTest(accept), IsOk());
  }
  EXPECT_EQ(OpenFiles(), files);
}

TEST(TcpListenerTest, SaysWhatIsWrong) {
  WithListener([](TcpListener& listener) -> Task<> {
    absl::Status status =
        (co_await ListenTcp("127.0.0.1", listener.port())).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(absl::StrContains(status.message(), "127.0.0.1:")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "listening there"))
        << status;

    status = (co_await ListenTcp(std::string(300, 'x'), 1)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;

    status = (co_await ListenTcp("192.0.2.1", 0)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
  });
}

TEST(TcpListenerTest, SurvivesTheDescriptorLimit) {
  WithListener([](TcpListener& listener) -> Task<> {
    absl::StatusOr<TcpStream> client =
        co_await ConnectTcp("127.0.0.1", listener.port());
    struct rlimit old_limit;
    getrlimit(RLIMIT_NOFILE, &old_limit);
    const int next = dup(0);
    close(next);
    const struct rlimit none = {static_cast<rlim_t>(next), old_limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);

    const absl::StatusOr<TcpStream> refused = co_await listener.Accept();
    const absl::StatusOr<TcpListener> more = co_await ListenTcp("::1", 0);
    const absl::StatusOr<TcpStream> out =
        co_await ConnectTcp("127.0.0.1", listener.port());
    setrlimit(RLIMIT_NOFILE, &old_limit);

    for (const absl::Status& status :
         {refused.status(), more.status(), out.status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_TRUE(absl::StrContains(status.message(), "ulimit -n")) << status;
    }
    absl::StatusOr<TcpStream> accepted = co_await listener.Accept();
    EXPECT_THAT(accepted, IsOk()) << "the connection is still there";
  });
}

TEST(ConnectTcpTest, SaysWhatIsWrong) {
  WithListener([](TcpListener& listener) -> Task<> {
    const std::uint16_t port = listener.port();
    listener.Close();
    absl::Status status = (co_await ConnectTcp("127.0.0.1", port)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(absl::StrContains(status.message(), "connect to 127.0.0.1:"))
        << status;

    status = (co_await ConnectTcp("", 1)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;

    const SocketAddress local = *SocketAddress::Parse("192.0.2.1", 0);
    status = (co_await ConnectTcp("127.0.0.1", port,
                                  ConnectOptions().set_local_address(local)))
                 .status();
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(absl::StrContains(status.message(), "192.0.2.1")) << status;
  });
}

// Nobody answers at this address of the documentation network, or the network
// says so at once.
TEST(ConnectTcpTest, ACancelledConnectLeavesNoSocket) {
  const size_t files = OpenFiles();
  auto main = []() -> Task<> {
    auto connect = ConnectTcp("192.0.2.1", 80);
    co_await MoveOnAfter(absl::Milliseconds(2), std::move(connect));
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

TEST(ConnectTcpTest, ConnectsFromALocalAddress) {
  WithListener([](TcpListener& listener) -> Task<> {
    const SocketAddress local = *SocketAddress::Parse("127.0.0.2", 0);
    absl::StatusOr<TcpStream> client =
        co_await ConnectTcp("127.0.0.1", listener.port(),
                            ConnectOptions().set_local_address(local));
    EXPECT_EQ(client->local_address()->host(), "127.0.0.2");
    absl::StatusOr<TcpStream> server = co_await listener.Accept();
    EXPECT_EQ(server->peer_address()->host(), "127.0.0.2");
  });
}

}  // namespace
}  // namespace creche
