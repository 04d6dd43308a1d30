// SPDX-License-Identifier: Apache-2.0

#include "creche/net/serve_tcp.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/clock.h"
#include "creche/core/errors.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/debug/task_tree.h"
#include "creche/io/buffered_reader.h"
#include "creche/net/connect_tcp.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

TcpListener Listen() {
  return ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
}

Task<> Echo(TcpStream stream) {
  char buffer[100];
  for (;;) {
    const absl::StatusOr<size_t> size = co_await stream.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) co_return;
    (co_await stream.SendAll({buffer, *size})).IgnoreError();
  }
}

Task<> ExpectEcho(TcpStream& stream) {
  (co_await stream.SendAll("hello")).IgnoreError();
  char buffer[5];
  const absl::Status status = co_await stream.ReceiveExactly(buffer);
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(absl::string_view(buffer, 5), "hello");
}

Task<> ExpectEchoFrom(SocketAddress server) {
  TcpStream stream = (co_await ConnectTcp(server)).value();
  co_await ExpectEcho(stream);
}

Task<> ExpectEof(SocketAddress server) {
  absl::StatusOr<TcpStream> stream = co_await ConnectTcp(server);
  char buffer[1];
  const absl::StatusOr<size_t> size = co_await stream->ReceiveSome(buffer);
  EXPECT_TRUE(size.ok() && *size == 0) << size.status();
}

// Served or not, connected or not: in the end, nobody is left alone.
Task<> ExpectEnd(SocketAddress server) {
  absl::StatusOr<TcpStream> stream = co_await ConnectTcp(server);
  if (!stream.ok()) co_return;
  char buffer[1];
  const absl::StatusOr<size_t> size = co_await stream->ReceiveSome(buffer);
  EXPECT_TRUE(!size.ok() || *size == 0);
}

TEST(ServeTcpTest, ServesManyConnectionsUntilCancelled) {
  const size_t files = OpenFiles();
  auto main = []() -> Task<> {
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    auto body = [&](Nursery& nursery) -> Task<> {
      auto serve = [&]() -> Task<absl::Status> {
        auto serving = ServeTcp(std::move(listener), Echo);
        co_return co_await std::move(serving);
      };
      nursery.StartSoon(serve);
      absl::StatusOr<TcpStream> idle = co_await ConnectTcp(address);
      auto clients = [&](Nursery& inner) -> Task<> {
        for (int i = 0; i < 100; ++i) inner.StartSoon(ExpectEchoFrom, address);
        co_return;
      };
      (co_await WithNursery(clients)).IgnoreError();
      nursery.Cancel();
    };
    const absl::Status status = co_await WithNursery(body);
    EXPECT_THAT(status, IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_EQ(OpenFiles(), files);
}

TEST(ServeTcpTest, AHandlersErrorEndsTheServer) {
  auto main = []() -> Task<absl::Status> {
    TcpListener listener = Listen();
    auto connect = ConnectTcp(listener.local_address());
    absl::StatusOr<TcpStream> stream = co_await std::move(connect);
    auto fail = [](TcpStream) -> Task<absl::Status> {
      co_return absl::DataLossError("broken");
    };
    auto serving = ServeTcp(std::move(listener), fail);
    co_return co_await std::move(serving);
  };
  EXPECT_EQ(RunToTest(main), absl::DataLossError("broken"));
}

// A crowd connects, and the handler of one of them fails in the midst of it.
absl::Status ServeUntilOneFails(int which, ServeOptions options) {
  constexpr int kClients = 20;
  int served = 0;
  auto handler = [&](TcpStream stream) -> Task<absl::Status> {
    if (++served == which) {
      co_return absl::DataLossError(absl::StrCat("number ", which));
    }
    co_await Echo(std::move(stream));
    co_return absl::OkStatus();
  };
  auto main = [&]() -> Task<absl::Status> {
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    absl::Status status;
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < kClients; ++i) nursery.StartSoon(ExpectEnd, address);
      auto serving = ServeTcp(std::move(listener), handler, options);
      status = co_await std::move(serving);
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
    co_return status;
  };
  return RunToTest(main);
}

TEST(ServeTcpTest, AHandlersErrorInTheMidstOfACrowdLeavesNothing) {
  const size_t files = OpenFiles();
  for (int which = 1; which <= 20; ++which) {
    const absl::Status expected =
        absl::DataLossError(absl::StrCat("number ", which));
    EXPECT_EQ(ServeUntilOneFails(which, ServeOptions()), expected);
    // The others have no grace when one fails.
    const auto patient = ServeOptions().set_grace(absl::InfiniteDuration());
    EXPECT_EQ(ServeUntilOneFails(which, patient), expected);
    EXPECT_EQ(OpenFiles(), files);
  }
}

// A handler that finishes its work behind a shield holds up the server's end;
// meanwhile nobody new gets in.
TEST(ServeTcpTest, AcceptsNobodyWhileItWaitsForHandlers) {
  absl::Status late;
  auto main = [&]() -> Task<> {
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    CancelScope server;
    auto finish = [&]() -> Task<> {
      server.Cancel();
      // The listener is closed when the kernel has let go of it.
      for (int i = 0; i < 1000 && late.ok(); ++i) {
        late = (co_await ConnectTcp(address)).status();
      }
    };
    auto handler = [&](TcpStream) -> Task<> { co_await Shield(finish); };
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(ExpectEof, address);
      auto serving = ServeTcp(std::move(listener), handler);
      co_await server.Run(std::move(serving));
    };
    (co_await WithNursery(body)).IgnoreError();
  };
  EXPECT_THAT(RunToTest(main), IsOk());
  EXPECT_TRUE(absl::IsUnavailable(late)) << late;
}

// Where the scope that its connections live in ends first, whatever the reason,
// what is accepted afterwards is closed.
TEST(ServeTcpTest, AnyScopeInsideMayEndFirst) {
  auto ask = [](SocketAddress server) -> Task<> {
    absl::StatusOr<TcpStream> stream = co_await ConnectTcp(server);
    if (!stream.ok()) co_return;
    char buffer[1];
    (co_await stream->SendAll("x")).IgnoreError();
    (co_await stream->ReceiveExactly(buffer)).IgnoreError();
  };
  auto body = [&]() -> Task<absl::Status> {
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    auto serve = [&]() -> Task<absl::Status> {
      auto serving = ServeTcp(std::move(listener), Echo);
      co_return co_await std::move(serving);
    };
    auto server_and_clients = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(serve);
      for (int i = 0; i < 3; ++i) co_await ask(address);
      nursery.Cancel();
    };
    co_return co_await WithNursery(server_and_clients);
  };
  CancelEverywhereOptions options;
  options.inner_scopes = true;
  EXPECT_GT(CancelEverywhere(body, [] {}, options), 10u);
}

TEST(ServeTcpTest, KeepsToItsLimit) {
  auto main = []() -> Task<> {
    int now = 0;
    int most = 0;
    auto count = [&](TcpStream stream) -> Task<> {
      most = std::max(most, ++now);
      co_await Echo(std::move(stream));
      --now;
    };
    TcpListener listener = Listen();
    const SocketAddress address = listener.local_address();
    auto body = [&](Nursery& nursery) -> Task<> {
      auto serve = [&]() -> Task<absl::Status> {
        auto serving = ServeTcp(std::move(listener), count,
                                ServeOptions().set_max_connections(3));
        co_return co_await std::move(serving);
      };
      nursery.StartSoon(serve);
      auto clients = [&](Nursery& inner) -> Task<> {
        for (int i = 0; i < 30; ++i) inner.StartSoon(ExpectEchoFrom, address);
        co_return;
      };
      (co_await WithNursery(clients)).IgnoreError();
      nursery.Cancel();
    };
    (co_await WithNursery(body)).IgnoreError();
    EXPECT_EQ(most, 3);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// A server of one connection, which asks `meanwhile` what to do while it is
// being cancelled.
template <typename Meanwhile>
Task<> CancelServer(absl::Duration grace, Meanwhile meanwhile) {
  TcpListener listener = Listen();
  const SocketAddress address = listener.local_address();
  CancelScope scope;
  auto body = [&](Nursery& nursery) -> Task<> {
    auto serve = [&]() -> Task<> {
      auto serving =
          ServeTcp(std::move(listener), Echo, ServeOptions().set_grace(grace));
      const auto status = co_await scope.Run(std::move(serving));
      EXPECT_FALSE(status.has_value());
    };
    nursery.StartSoon(serve);
    absl::StatusOr<TcpStream> connected = co_await ConnectTcp(address);
    TcpStream& client = connected.value();
    co_await ExpectEcho(client);
    scope.Cancel();
    co_await meanwhile(client, address);
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
}

CRECHE_TEST(ServeTcpTest, LetsConnectionsEndInTheirGrace) {
  auto meanwhile = [](TcpStream& client, SocketAddress address) -> Task<> {
    co_await SleepFor(absl::Minutes(59));
    co_await ExpectEcho(client);
    const absl::StatusOr<TcpStream> another = co_await ConnectTcp(address);
    EXPECT_EQ(another.status().code(), absl::StatusCode::kUnavailable);
    client.Close();
  };
  const absl::Time start = Now();
  co_await CancelServer(absl::Hours(1), meanwhile);
  EXPECT_EQ(Now() - start, absl::Minutes(59));
}

CRECHE_TEST(ServeTcpTest, CancelsConnectionsAfterTheirGrace) {
  const absl::Time start = Now();
  auto meanwhile = [&](TcpStream& client, SocketAddress) -> Task<> {
    char buffer[1];
    EXPECT_EQ((co_await client.ReceiveSome(buffer)).value(), 0U);
    EXPECT_EQ(Now() - start, absl::Hours(1));
  };
  co_await CancelServer(absl::Hours(1), meanwhile);
}

CRECHE_TEST(ServeTcpTest, CancelsConnectionsAtOnceWithoutAGrace) {
  const absl::Time start = Now();
  auto meanwhile = [&](TcpStream& client, SocketAddress) -> Task<> {
    char buffer[1];
    EXPECT_EQ((co_await client.ReceiveSome(buffer)).value(), 0U);
    EXPECT_EQ(Now(), start);
  };
  co_await CancelServer(absl::ZeroDuration(), meanwhile);
}

TEST(ServeTcpTest, TasksOfConnectionsHaveTheNameOfTheHandler) {
  const auto says_who_it_is = [](TcpStream stream) -> Task<> {
    std::ostringstream tasks;
    DumpTasks(tasks);
    const std::string has =
        absl::StrContains(tasks.str(), "task 'client' is running")
            ? "yes"
            : tasks.str();
    (co_await stream.SendAll(has)).IgnoreError();
  };
  auto main = [&]() -> Task<absl::Status> {
    TcpListener listener = Listen();
    TcpStream client = co_await Try(ConnectTcp(listener.local_address()));
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon([&]() -> Task<absl::Status> {
        auto named = Named("client", says_who_it_is);
        co_return co_await ServeTcp(std::move(listener), named);
      });
      BufferedReader<TcpStream> reader(client);
      EXPECT_EQ(co_await Try(reader.ReadSome()), "yes");
      nursery.Cancel();
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST(ServeTcpTest, SurvivesTheDescriptorLimit) {
  if (kHasAddressSanitizer) {
    GTEST_SKIP() << "the sanitizer cannot work without descriptors";
  }
  auto main = []() -> Task<> {
    TcpListener listener = Listen();
    auto connect = ConnectTcp(listener.local_address());
    absl::StatusOr<TcpStream> client = co_await std::move(connect);
    struct rlimit old_limit;
    getrlimit(RLIMIT_NOFILE, &old_limit);
    const int next = dup(0);
    close(next);
    const struct rlimit none = {static_cast<rlim_t>(next), old_limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    auto body = [&](Nursery& nursery) -> Task<> {
      auto serve = [&]() -> Task<absl::Status> {
        auto serving =
            ServeTcp(std::move(listener), Echo,
                     ServeOptions().set_retry_after(absl::Milliseconds(1)));
        co_return co_await std::move(serving);
      };
      nursery.StartSoon(serve);
      co_await SleepFor(absl::Milliseconds(5));
      setrlimit(RLIMIT_NOFILE, &old_limit);
      (co_await client->SendAll("x")).IgnoreError();
      char buffer[1];
      const absl::Status status = co_await client->ReceiveExactly(buffer);
      EXPECT_THAT(status, IsOk());
      nursery.Cancel();
    };
    (co_await WithNursery(body)).IgnoreError();
    setrlimit(RLIMIT_NOFILE, &old_limit);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
