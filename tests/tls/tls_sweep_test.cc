// SPDX-License-Identifier: Apache-2.0
//
// Cancellation and failure at every point of what a TLS stream does.

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/testing/cancel_everywhere.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_stream.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

// So that sends wait, and there are several records.
constexpr std::size_t kSize = 40000;

template <typename Stream>
Task<absl::Status> Send(TlsStream<Stream>& stream) {
  const std::string data(kSize, 'x');
  co_await Try(stream.SendAll(data));
  co_return co_await stream.SendEof();
}

template <typename Stream>
Task<absl::Status> Receive(TlsStream<Stream>& stream) {
  std::string head(kSize - 1, '\0');
  co_await Try(stream.ReceiveExactly(absl::MakeSpan(head)));
  EXPECT_EQ(head, std::string(kSize - 1, 'x'));
  char buffer[8];
  EXPECT_EQ(co_await Try(stream.ReceiveSome(buffer)), 1U);
  EXPECT_EQ(co_await Try(stream.ReceiveSome(buffer)), 0U);
  co_return absl::OkStatus();
}

// A handshake, a transfer in both directions at once, and an end of each kind.
template <typename Stream>
Task<absl::Status> Session(Stream client_end, Stream server_end) {
  auto shaking = TlsPair(std::move(client_end), std::move(server_end));
  auto pair = co_await Try(std::move(shaking));
  auto& client = pair.first;
  auto& server = pair.second;
  auto exchanging =
      WhenAll(Send(client), Receive(server), Send(server), Receive(client));
  co_await Try(std::move(exchanging));
  auto shutting = WhenAll(client.Shutdown(), server.Shutdown());
  co_await Try(std::move(shutting));
  co_return absl::OkStatus();
}

template <typename Stream>
Task<absl::Status> Unwrapping(Stream client_end, Stream server_end) {
  auto shaking = TlsPair(std::move(client_end), std::move(server_end));
  auto pair = co_await Try(std::move(shaking));
  auto unwrapping = WhenAll(pair.first.Unwrap(), pair.second.Unwrap());
  auto plain = co_await Try(std::move(unwrapping));
  co_await Try(std::get<0>(plain).first.SendAll("plain"));
  std::string text;
  while (text.size() < 5) {
    char buffer[8];
    const std::size_t size = co_await Try(
        std::get<1>(plain).first.ReceiveSome(absl::MakeSpan(buffer)));
    if (size == 0) break;
    text.append(buffer, size);
  }
  EXPECT_EQ(text, "plain");
  co_return absl::OkStatus();
}

Task<absl::Status> MemorySession() {
  auto [client, server] = MemoryStreamPair(/*capacity=*/10000);
  auto session = Session(std::move(client), std::move(server));
  co_return co_await std::move(session);
}

Task<absl::Status> MemoryUnwrapping() {
  auto [client, server] = MemoryStreamPair(/*capacity=*/10000);
  auto unwrapping = Unwrapping(std::move(client), std::move(server));
  co_return co_await std::move(unwrapping);
}

// MakeTcpPair(), whose failures are part of a sweep.
Task<absl::StatusOr<TcpPair>> Connected() {
  TcpListener listener =
      co_await Try(ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)));
  auto connecting = ConnectTcp(listener.local_address());
  TcpStream client = co_await Try(std::move(connecting));
  TcpStream server = co_await Try(listener.Accept());
  co_return TcpPair(std::move(client), std::move(server));
}

Task<absl::Status> TcpSession() {
  TcpPair pair = co_await Try(Connected());
  auto session = Session(std::move(pair.client), std::move(pair.server));
  co_return co_await std::move(session);
}

Task<absl::Status> TcpUnwrapping() {
  TcpPair pair = co_await Try(Connected());
  auto unwrapping = Unwrapping(std::move(pair.client), std::move(pair.server));
  co_return co_await std::move(unwrapping);
}

TEST(TlsSweepTest, ASessionCanBeCancelledEverywhere) {
  CancelEverywhere(MemorySession);
}

TEST(TlsSweepTest, AnUnwrapCanBeCancelledEverywhere) {
  CancelEverywhere(MemoryUnwrapping);
}

TEST(TlsSweepTest, ATcpSessionCanBeCancelledEverywhere) {
  CancelEverywhere(TcpSession);
}

TEST(TlsSweepTest, ATcpUnwrapCanBeCancelledEverywhere) {
  CancelEverywhere(TcpUnwrapping);
}

TEST(TlsSweepTest, ATcpSessionCanFailEverywhere) { FailEverywhere(TcpSession); }

TEST(TlsSweepTest, ATcpUnwrapCanFailEverywhere) {
  FailEverywhere(TcpUnwrapping);
}

}  // namespace
}  // namespace creche
