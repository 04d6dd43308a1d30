// SPDX-License-Identifier: Apache-2.0
//
// ServeTls() and ConnectTls(), over the kernel's TCP and a simulated one.

#include "creche/tls/serve_tls.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/clock.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/named.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/debug/task_tree.h"
#include "creche/io/buffered_reader.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/run.h"
#include "creche/testing/simulated_network.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/connect_tls.h"
#include "creche/tls/tls_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"
#include "tests/tls/tls_test.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using TcpTls = TlsStream<TcpStream>;

const TestCertificates& Certificates() {
  static const auto* const certificates = new TestCertificates();
  return *certificates;
}

TlsContext ClientContext() {
  return TlsContext::ForClients(
             TlsClientOptions().set_trusted_pem(Certificates().trusted_pem()))
      .value();
}

TlsContext ServerContext() {
  const TestCertificate made = Certificates().Good("127.0.0.1");
  return TlsContext::ForServers(
             TlsServerOptions().set_certificate_pem(made.chain, made.key))
      .value();
}

Task<absl::Status> EchoAll(TcpTls& stream) {
  for (;;) {
    char buffer[4096];
    const std::size_t size = co_await Try(stream.ReceiveSome(buffer));
    if (size == 0) break;
    co_await Try(stream.SendAll({buffer, size}));
  }
  co_return co_await stream.Shutdown();
}

Task<> Echo(TcpTls stream) { (co_await EchoAll(stream)).IgnoreError(); }

Task<> TellTasks(TcpTls stream) {
  std::ostringstream tasks;
  DumpTasks(tasks);
  (co_await stream.SendAll(tasks.str())).IgnoreError();
  (co_await stream.Shutdown()).IgnoreError();
}

// Runs client(port) while a server echoes.
template <typename Client>
Task<absl::Status> WhileItServes(Client client,
                                 ServeOptions options = ServeOptions(),
                                 TlsOptions tls_options = TlsOptions(),
                                 TlsContext context = ServerContext()) {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  const std::uint16_t port = listener.port();
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto serve = [&]() -> Task<absl::Status> {
      auto serving =
          ServeTls(std::move(listener), context, Echo, options, tls_options);
      co_return co_await std::move(serving);
    };
    nursery.StartSoon(serve);
    absl::Status status = co_await client(port);
    nursery.Cancel();
    co_return status;
  };
  co_return co_await WithNursery(body);
}

Task<absl::Status> Ask(std::uint16_t port) {
  TcpTls stream = co_await Try(ConnectTls("127.0.0.1", port, ClientContext()));
  const std::string data(100000, 'x');
  auto send = [&]() -> Task<absl::Status> {
    co_await Try(stream.SendAll(data));
    co_return co_await stream.SendEof();
  };
  auto receive = [&]() -> Task<absl::Status> {
    std::string received(data.size(), '\0');
    co_await Try(stream.ReceiveExactly(absl::MakeSpan(received)));
    EXPECT_EQ(received, data);
    co_return absl::OkStatus();
  };
  co_await Try(WhenAll(send, receive));
  co_return co_await stream.Shutdown();
}

TLS_TEST(ServeTlsTest, ServesAClient) { co_return co_await WhileItServes(Ask); }

// In virtual time.
template <typename Client>
void OnASimulatedNetwork(Client client, ServeOptions options = ServeOptions(),
                         TlsOptions tls_options = TlsOptions()) {
  SimulatedNetwork network;
  auto body = [&]() -> Task<absl::Status> {
    co_return co_await WhileItServes(client, options, tls_options);
  };
  EXPECT_THAT(
      creche::Run({.clock = &network.clock(), .port = &network.port()}, body),
      IsOk());
}

TEST(ServeTlsTest, WorksOnASimulatedNetwork) { OnASimulatedNetwork(Ask); }

TLS_TEST(ServeTlsTest, TasksOfConnectionsHaveTheNameOfTheHandler) {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  const std::uint16_t port = listener.port();
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      auto named = Named("client", TellTasks);
      co_return co_await ServeTls(std::move(listener), ServerContext(), named);
    });
    BufferedReader<TcpTls> reader(
        co_await Try(ConnectTls("127.0.0.1", port, ClientContext())));
    EXPECT_THAT(co_await Try(reader.ReadSome()),
                HasSubstr("task 'client' is running"));
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  co_return co_await WithNursery(body);
}

TLS_TEST(ServeTlsTest, AStreamHasTheNameOfItsTransport) {
  auto look = [](std::uint16_t port) -> Task<absl::Status> {
    TcpTls stream =
        co_await Try(ConnectTls("127.0.0.1", port, ClientContext()));
    EXPECT_EQ(stream.name(), absl::StrCat("127.0.0.1:", port));
    co_return co_await stream.Shutdown();
  };
  co_return co_await WhileItServes(look);
}

// As a client's first message begins.
constexpr absl::string_view kHello("\x16\x03\x01\x00\xf4\x01\x00\x00\xf0", 9);

// Its time is that of the whole handshake, and not of each step.
TEST(ServeTlsTest, AHandshakeThatTricklesEndsAndOthersAreServedMeanwhile) {
  auto client = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream slow = co_await Try(ConnectTcp("127.0.0.1", port));
    const absl::Time start = Now();
    for (const char& byte : kHello) {
      co_await Try(slow.SendAll(absl::string_view(&byte, 1)));
      char answer[64];
      const auto ended =
          co_await MoveOnAfter(absl::Minutes(1), slow.ReceiveSome(answer));
      if (ended.has_value()) break;
      co_await Try(Ask(port));
    }
    EXPECT_GE(Now() - start, absl::Minutes(5));
    EXPECT_LT(Now() - start, absl::Minutes(5) + absl::Seconds(1));
    co_return absl::OkStatus();
  };
  OnASimulatedNetwork(client, ServeOptions(),
                      TlsOptions().set_handshake_timeout(absl::Minutes(5)));
}

// Holds a connection until the server ends it, so many times.
Task<absl::Status> HoldHandshakes(std::uint16_t port, int times) {
  for (int i = 0; i < times; ++i) {
    TcpStream stream = co_await Try(ConnectTcp("127.0.0.1", port));
    co_await Try(stream.SendAll(kHello));
    char answer[64];
    const auto size = co_await stream.ReceiveSome(answer);
    EXPECT_TRUE(!size.ok() || *size == 0);
  }
  co_return absl::OkStatus();
}

// Two thousand in all, each of which has its 10 s. Who comes among them waits
// for those before, and not for those who come again and again.
TLS_TEST(ServeTlsTest, HalfOpenHandshakesAreSeenOffInTurn) {
  static constexpr int kHolders = 100;
  static constexpr int kTimes = 20;
  static constexpr int kAtOnce = 50;
  auto client = [](std::uint16_t port) -> Task<absl::Status> {
    const absl::Time start = Now();
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      for (int i = 0; i < kHolders; ++i) {
        nursery.StartSoon(HoldHandshakes, port, kTimes);
      }
      co_await SleepFor(absl::Seconds(5));
      const absl::Time asked = Now();
      co_await Try(ConnectTls(
          "127.0.0.1", port, ClientContext(), ConnectOptions(),
          TlsOptions().set_handshake_timeout(absl::InfiniteDuration())));
      EXPECT_LE(Now() - asked, absl::Seconds(40));
      co_return absl::OkStatus();
    };
    co_await Try(WithNursery(body));
    // Never more than the limit: else it would have taken less.
    const absl::Duration each = absl::Seconds(10) / kAtOnce;
    EXPECT_GE(Now() - start, kHolders * kTimes * each);
    co_return absl::OkStatus();
  };
  co_return co_await WhileItServes(client,
                                   ServeOptions().set_max_connections(kAtOnce));
}

// They are let go when the handshake's time is over; then others are served.
TLS_TEST(ServeTlsTest, HalfOpenHandshakesCountAgainstTheLimit) {
  auto client = [](std::uint16_t port) -> Task<absl::Status> {
    std::vector<TcpStream> silent;
    for (int i = 0; i < 50; ++i) {
      silent.push_back(co_await Try(ConnectTcp("127.0.0.1", port)));
    }
    const absl::Time start = Now();
    TcpTls stream = co_await Try(
        ConnectTls("127.0.0.1", port, ClientContext(), ConnectOptions(),
                   TlsOptions().set_handshake_timeout(absl::Hours(1))));
    EXPECT_GE(Now() - start, absl::Seconds(10));
    co_return co_await stream.Shutdown();
  };
  co_return co_await WhileItServes(client,
                                   ServeOptions().set_max_connections(5));
}

TLS_TEST(ServeTlsTest, AFailedHandshakeEndsItsConnectionOnly) {
  auto client = [](std::uint16_t port) -> Task<absl::Status> {
    TcpStream plain = co_await Try(ConnectTcp("127.0.0.1", port));
    co_await Try(plain.SendAll("GET / HTTP/1.1\r\n\r\n"));
    char buffer[64];
    for (;;) {
      const auto size = co_await plain.ReceiveSome(buffer);
      if (!size.ok() || *size == 0) break;
    }
    co_return co_await Ask(port);
  };
  co_return co_await WhileItServes(client);
}

// In small pieces, with pauses.
Task<absl::StatusOr<std::string>> ReceiveSlowly(TcpTls& stream) {
  std::string received;
  for (;;) {
    char buffer[16384];
    const std::size_t size = co_await Try(stream.ReceiveSome(buffer));
    if (size == 0) co_return received;
    received.append(buffer, size);
    co_await SleepFor(absl::Milliseconds(100));
  }
}

// A socket that is closed with bytes that nobody has received is reset, and
// what is under way from it is lost. The client has tickets there, at least.
TLS_TEST(ServeTlsTest, AfterAShutdownEverythingArrives) {
  const std::string much(2 << 20, 'x');
  TcpPair transport = co_await MakeTcpPair();
  TlsPairOptions options;
  auto shaking = TlsPair(std::move(transport.client),
                         std::move(transport.server), options);
  auto pair = co_await Try(std::move(shaking));
  TcpTls& client = pair.first;
  TcpTls& server = pair.second;
  auto send = [&](TcpTls& stream) -> Task<absl::Status> {
    co_await Try(stream.SendAll(much));
    co_return co_await stream.Shutdown();
  };
  auto receive = [&](TcpTls& stream) -> Task<absl::Status> {
    // The sender never receives this.
    co_await Try(stream.SendAll(std::string(10000, 'y')));
    const std::string received = co_await Try(ReceiveSlowly(stream));
    EXPECT_TRUE(received == much) << received.size();
    co_return absl::OkStatus();
  };
  co_await Try(WhenAll(send(client), receive(server)));
  co_return absl::OkStatus();
}

// The client's context has sessions of both threads, and the server's tickets
// open in both.
TEST(ServeTlsTest, RunsOnTwoThreadsShareTheirContexts) {
  const TlsContext client_context = ClientContext();
  const TlsContext server_context = ServerContext();
  std::atomic<int> resumed = 0;
  auto client = [&](std::uint16_t port) -> Task<absl::Status> {
    for (int i = 0; i < 50; ++i) {
      TcpTls stream =
          co_await Try(ConnectTls("127.0.0.1", port, client_context));
      co_await Try(stream.SendAll("x"));
      char buffer[1];
      co_await Try(stream.ReceiveExactly(buffer));
      if (stream.info().is_resumed) ++resumed;
    }
    co_return absl::OkStatus();
  };
  auto run = [&] {
    auto main = [&]() -> Task<absl::Status> {
      co_return co_await WhileItServes(client, ServeOptions(), TlsOptions(),
                                       server_context);
    };
    EXPECT_THAT(creche::Run(main), IsOk());
  };
  std::thread other(run);
  run();
  other.join();
  EXPECT_GT(resumed, 50);
}

TLS_TEST(ConnectTlsTest, NamesThePeerInErrors) {
  auto client = [](std::uint16_t port) -> Task<absl::Status> {
    const auto wrong =
        co_await ConnectTls("127.0.0.1", port, TestClientContext());
    EXPECT_THAT(wrong,
                StatusIs(absl::StatusCode::kUnauthenticated,
                         AllOf(HasSubstr("127.0.0.1:"), HasSubstr("depth"))))
        << wrong.status();
    co_return absl::OkStatus();
  };
  co_await Try(WhileItServes(client));
  const auto none = co_await ConnectTls("", 443, TestClientContext());
  EXPECT_THAT(none, StatusIs(absl::StatusCode::kInvalidArgument));
  co_return absl::OkStatus();
}

}  // namespace
}  // namespace creche
