// SPDX-License-Identifier: Apache-2.0

#include "creche/tls/tls_stream.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/tls_pair.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tls/tls_test.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

using MemoryTls = TlsStream<MemoryStream>;

Task<absl::StatusOr<std::string>> Receive(MemoryTls& stream, std::size_t size) {
  std::string received(size, '\0');
  co_await Try(stream.ReceiveExactly(absl::MakeSpan(received)));
  co_return received;
}

TLS_TEST(TlsStreamTest, CarriesBytesBothWays) {
  auto [client, server] = co_await Try(TlsPair());
  co_await Try(client.SendAll("question"));
  CO_ASSERT_EQ(co_await Try(Receive(server, 8)), "question");
  co_await Try(server.SendAll("answer"));
  CO_ASSERT_EQ(co_await Try(Receive(client, 6)), "answer");
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, SaysWhatWasAgreedOn) {
  auto [client, server] = co_await Try(TlsPair());
  EXPECT_EQ(client.info().version, TlsVersion::kTls1_3);
  EXPECT_THAT(client.info().cipher, HasSubstr("TLS_"));
  EXPECT_EQ(client.info().protocol, "");
  EXPECT_FALSE(client.info().peer_certificate_der.empty());
  EXPECT_TRUE(server.info().peer_certificate_der.empty());
  co_return absl::OkStatus();
}

Task<absl::Status> SendMuch(MemoryTls& stream, char what) {
  co_return co_await stream.SendAll(std::string(1 << 20, what));
}

Task<absl::Status> ReceiveMuch(MemoryTls& stream, char what) {
  const std::string received = co_await Try(Receive(stream, 1 << 20));
  EXPECT_EQ(received, std::string(1 << 20, what));
  co_return absl::OkStatus();
}

// Over a transport that takes nothing that is not received: an end that waited
// for its sends before it receives would wait for ever.
TLS_TEST(TlsStreamTest, SendsAndReceivesAtOnce) {
  auto [client_end, server_end] = LockstepStreamPair();
  auto [client, server] =
      co_await Try(TlsPair(std::move(client_end), std::move(server_end)));
  co_await Try(WhenAll(SendMuch(client, 'c'), ReceiveMuch(server, 'c'),
                       SendMuch(server, 's'), ReceiveMuch(client, 's')));
  co_return absl::OkStatus();
}

// The server's tickets have nowhere to go, and nobody waits for them.
TLS_TEST(TlsStreamTest, AClientThatOnlySendsMeetsAServerThatOnlyReceives) {
  auto [client_end, server_end] = LockstepStreamPair();
  auto [client, server] =
      co_await Try(TlsPair(std::move(client_end), std::move(server_end)));
  co_await Try(WhenAll(SendMuch(client, 'c'), ReceiveMuch(server, 'c')));
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, AnEmptySendSendsNothing) {
  auto [client_end, server_end] = MemoryStreamPair();
  auto [client, server] =
      co_await Try(TlsPair(std::move(client_end), std::move(server_end)));
  co_await Try(client.SendAll(""));
  co_await Try(client.SendAll("x"));
  CO_ASSERT_EQ(co_await Try(Receive(server, 1)), "x");
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, AnEndIsAnEndOnlyWithItsNotice) {
  auto [client, server] = co_await Try(TlsPair());
  co_await Try(client.SendAll("all"));
  co_await Try(client.SendEof());
  CO_ASSERT_EQ(co_await Try(Receive(server, 3)), "all");
  char buffer[8];
  CO_ASSERT_EQ(co_await Try(server.ReceiveSome(buffer)), 0U);
  CO_ASSERT_EQ(co_await Try(server.ReceiveSome(buffer)), 0U);
  // Half closed: the other direction goes on.
  co_await Try(server.SendAll("more"));
  CO_ASSERT_EQ(co_await Try(Receive(client, 4)), "more");
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, ACancelledUnwrapClosesTheStream) {
  auto [client, server] = co_await Try(TlsPair());
  const auto unwrapped =
      co_await MoveOnAfter(absl::Seconds(1), client.Unwrap());
  CO_ASSERT_FALSE(unwrapped.has_value());
  // Its notice went out before it waited for the peer's.
  char buffer[8];
  CO_ASSERT_EQ(co_await Try(server.ReceiveSome(buffer)), 0U);
  EXPECT_TRUE(IsClosedResource(co_await client.SendAll("x")));
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, UnwrapGivesTheTransportAndWhatCameAfter) {
  auto [client, server] = co_await Try(TlsPair());
  auto [client_rest, server_rest] =
      co_await Try(WhenAll(client.Unwrap(), server.Unwrap()));
  EXPECT_EQ(client_rest.second, "");
  co_await Try(client_rest.first.SendAll("plain"));
  char buffer[8];
  const std::size_t size = co_await Try(server_rest.first.ReceiveSome(buffer));
  EXPECT_EQ(absl::string_view(buffer, size), "plain");
  EXPECT_TRUE(IsClosedResource(co_await client.SendAll("x")));
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, UnwrapRefusesToDropData) {
  auto [client, server] = co_await Try(TlsPair());
  co_await Try(server.SendAll("unread"));
  const absl::Status status = (co_await client.Unwrap()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  CO_ASSERT_EQ(co_await Try(Receive(client, 6)), "unread");
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, ExportsTheSameOnBothSides) {
  auto [client, server] = co_await Try(TlsPair());
  const std::string ours = co_await Try(client.Exporter("EXPORTER-test", 32));
  EXPECT_EQ(ours.size(), 32U);
  EXPECT_EQ(ours, co_await Try(server.Exporter("EXPORTER-test", 32)));
  EXPECT_NE(ours, co_await Try(server.Exporter("EXPORTER-other", 32)));
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, ASecondTaskInOneDirectionIsRefused) {
  auto [client, server] = co_await Try(TlsPair());
  auto receive_nothing = [](MemoryTls& stream) -> Task<absl::Status> {
    char buffer[8];
    const auto received =
        co_await MoveOnAfter(absl::Seconds(1), stream.ReceiveSome(buffer));
    EXPECT_FALSE(received.has_value());
    co_return absl::OkStatus();
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(receive_nothing, std::ref(client));
    co_await Checkpoint();
    co_await Checkpoint();
    char buffer[8];
    EXPECT_TRUE(IsBusyResource((co_await client.ReceiveSome(buffer)).status()));
    co_return absl::OkStatus();
  };
  co_await Try(WithNursery(body));
  co_return absl::OkStatus();
}

// What was received before a cancellation comes again.
TLS_TEST(TlsStreamTest, ACancelledReceiveExactlyKeepsItsBytes) {
  auto [client, server] = co_await Try(TlsPair());
  co_await Try(client.SendAll("abc"));
  std::string buffer(6, '\0');
  const auto received = co_await MoveOnAfter(
      absl::Seconds(1), server.ReceiveExactly(absl::MakeSpan(buffer)));
  CO_ASSERT_FALSE(received.has_value());
  co_await Try(client.SendAll("def"));
  CO_ASSERT_EQ(co_await Try(Receive(server, 6)), "abcdef");
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, ACancelledSendBreaksSendingAndNotReceiving) {
  auto [client_end, server_end] = MemoryStreamPair(/*capacity=*/20000);
  auto [client, server] =
      co_await Try(TlsPair(std::move(client_end), std::move(server_end)));
  const std::string much(1 << 20, 'x');
  const auto sent =
      co_await MoveOnAfter(absl::Seconds(1), client.SendAll(much));
  CO_ASSERT_FALSE(sent.has_value());
  EXPECT_TRUE(IsBrokenResource(co_await client.SendAll("x")));
  EXPECT_TRUE(IsBrokenResource(co_await client.SendEof()));
  co_await Try(server.SendAll("still here"));
  CO_ASSERT_EQ(co_await Try(Receive(client, 10)), "still here");
  co_return absl::OkStatus();
}

TLS_TEST(TlsStreamTest, ShutdownEndsBothSides) {
  auto [client, server] = co_await Try(TlsPair());
  auto shut_client = [&]() -> Task<absl::Status> {
    co_await Try(client.SendAll("last"));
    co_return co_await client.Shutdown();
  };
  auto receive_all = [&]() -> Task<absl::Status> {
    EXPECT_EQ(co_await Try(Receive(server, 4)), "last");
    char buffer[8];
    EXPECT_EQ(co_await Try(server.ReceiveSome(buffer)), 0U);
    co_return co_await server.Shutdown();
  };
  co_await Try(WhenAll(shut_client, receive_all));
  EXPECT_TRUE(IsClosedResource(co_await client.SendAll("x")));
  co_return absl::OkStatus();
}

// The mock clock shows how long it took.
TLS_TEST(TlsStreamTest, ShutdownDoesNotWaitForeverForASilentPeer) {
  auto [client, server] = co_await Try(TlsPair());
  const absl::Time start = Now();
  co_await Try(client.Shutdown(absl::Seconds(3)));
  EXPECT_EQ(Now() - start, absl::Seconds(3));
  co_return absl::OkStatus();
}

}  // namespace
}  // namespace creche
