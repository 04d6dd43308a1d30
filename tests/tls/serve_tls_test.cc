// SPDX-License-Identifier: Apache-2.0
//
// ServeTls() and ConnectTls(), over the kernel's TCP and a simulated one.

#include "creche/tls/serve_tls.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/clock.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
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

// Runs client(port) while a server echoes.
template <typename Client>
Task<absl::Status> WhileItServes(Client client, ServeOptions options) {
  TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
  const std::uint16_t port = listener.port();
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    auto serve = [&]() -> Task<absl::Status> {
      auto serving =
          ServeTls(std::move(listener), ServerContext(), Echo, options);
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

TLS_TEST(ServeTlsTest, ServesAClient) {
  co_return co_await WhileItServes(Ask, ServeOptions());
}

TEST(ServeTlsTest, WorksOnASimulatedNetwork) {
  SimulatedNetwork network;
  auto body = []() -> Task<absl::Status> {
    co_return co_await WhileItServes(Ask, ServeOptions());
  };
  EXPECT_THAT(
      creche::Run({.clock = &network.clock(), .port = &network.port()}, body),
      IsOk());
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
  co_return co_await WhileItServes(client, ServeOptions());
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
  co_await Try(WhileItServes(client, ServeOptions()));
  const auto none = co_await ConnectTls("", 443, TestClientContext());
  EXPECT_THAT(none, StatusIs(absl::StatusCode::kInvalidArgument));
  co_return absl::OkStatus();
}

}  // namespace
}  // namespace creche
