// SPDX-License-Identifier: Apache-2.0
//
// Peers that do what a TlsStream does not: key updates, renegotiation, ends at
// odd moments.

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tls/openssl_peer.h"
#include "tests/tls/tls_test.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

using MemoryTls = TlsStream<MemoryStream>;

// A client of ours, and a server that can do anything; connected.
class PeerAndClient {
 public:
  PeerAndClient(OpensslPeer peer, MemoryTls client)
      : peer(std::move(peer)), client(std::move(client)) {}
  OpensslPeer peer;
  MemoryTls client;
};

Task<absl::StatusOr<PeerAndClient>> Connected(
    TlsClientOptions options = TestClientOptions(),
    std::size_t capacity = std::size_t{1} << 30) {
  auto [client_end, server_end] = MemoryStreamPair(capacity);
  const TlsServerOptions server = TestServerOptions();
  OpensslPeer peer(std::move(server_end), server.chain_pem(), server.key_pem());
  const TlsContext context = TlsContext::ForClients(options).value();
  auto client = MemoryTls::Client(std::move(client_end), context, "localhost");
  auto both = WhenAll(std::move(client), peer.Handshake());
  auto made = co_await std::move(both);
  if (!made.ok()) co_return made.status();
  co_return PeerAndClient(std::move(peer), std::get<0>(*std::move(made)));
}

TlsClientOptions Tls12() {
  return TestClientOptions().set_maximum_version(TlsVersion::kTls1_2);
}

Task<absl::StatusOr<std::string>> Receive(MemoryTls& stream, std::size_t size) {
  std::string received(size, '\0');
  co_await Try(stream.ReceiveExactly(absl::MakeSpan(received)));
  co_return received;
}

void LeaveAnError() {
#ifdef OPENSSL_IS_BORINGSSL
  OPENSSL_PUT_ERROR(SSL, SSL_R_BAD_LENGTH);
#else
  ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
#endif
}

// Somebody else's error, left in the thread's queue, is not this stream's.
TLS_TEST(TlsPeerTest, DoesNotMindErrorsThatWereLeftBehind) {
  auto both = co_await Try(Connected());
  LeaveAnError();
  char buffer[8];
  auto nothing =
      co_await MoveOnAfter(absl::Seconds(1), both.client.ReceiveSome(buffer));
  EXPECT_FALSE(nothing.has_value());
  LeaveAnError();
  co_await Try(both.client.SendAll("hello"));
  EXPECT_EQ(co_await Try(both.peer.Receive()), "hello");
  LeaveAnError();
  co_await Try(both.peer.Send("hello"));
  EXPECT_EQ(co_await Try(Receive(both.client, 5)), "hello");
  ERR_clear_error();
  co_return absl::OkStatus();
}

TLS_TEST(TlsPeerTest, FollowsAKeyUpdate) {
  auto both = co_await Try(Connected());
  char buffer[8];
  EXPECT_EQ(SSL_key_update(both.peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  SSL_do_handshake(both.peer.ssl());
  co_await Try(both.peer.Flush());
  auto nothing =
      co_await MoveOnAfter(absl::Seconds(1), both.client.ReceiveSome(buffer));
  EXPECT_FALSE(nothing.has_value());
  co_await Try(both.peer.Send("x"));
  EXPECT_EQ(co_await Try(both.client.ReceiveSome(buffer)), 1U);
  co_await Try(both.client.SendAll("hello"));
  EXPECT_EQ(co_await Try(both.peer.Receive()), "hello");
  co_return absl::OkStatus();
}

Task<absl::Status> UpdateKeys(OpensslPeer& peer, int times) {
  for (int i = 0; i < times; ++i) {
    SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
    co_await Try(peer.Send("x"));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> ReceiveAtPeer(OpensslPeer& peer, std::size_t size) {
  std::size_t received = 0;
  while (received < size) {
    const std::string part = co_await Try(peer.Receive());
    if (part.empty()) co_return EndOfStreamError("ReceiveAtPeer");
    received += part.size();
  }
  co_return absl::OkStatus();
}

TLS_TEST(TlsPeerTest, SurvivesAStormOfKeyUpdates) {
  constexpr int kTimes = 1000;
  constexpr std::size_t kMuch = 1 << 20;
  auto both = co_await Try(Connected());
  auto receive = [&]() -> Task<absl::Status> {
    co_return (co_await Receive(both.client, kTimes)).status();
  };
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await both.client.SendAll(std::string(kMuch, 'x'));
  };
  // With nobody who sends, and with somebody.
  co_await Try(WhenAll(UpdateKeys(both.peer, kTimes), receive));
  co_await Try(WhenAll(UpdateKeys(both.peer, kTimes), receive, send));
  co_await Try(ReceiveAtPeer(both.peer, kMuch));
  co_await Try(both.client.SendAll("still here"));
  EXPECT_EQ(co_await Try(both.peer.Receive()), "still here");
  co_return absl::OkStatus();
}

// The answers have nowhere to go: their number is limited.
TLS_TEST(TlsPeerTest, AStormOfKeyUpdatesWithoutAReaderIsRefused) {
  auto both = co_await Try(Connected(TestClientOptions(), /*capacity=*/6000));
  absl::Status received;
  auto receive = [&]() -> Task<absl::Status> {
    received = (co_await Receive(both.client, 1 << 20)).status();
    both.client.Close();
    co_return absl::OkStatus();
  };
  auto update = [&]() -> Task<absl::Status> {
    (co_await UpdateKeys(both.peer, 10000)).IgnoreError();
    co_return absl::OkStatus();
  };
  co_await Try(WhenAll(receive, update));
  EXPECT_THAT(received, StatusIs(absl::StatusCode::kUnavailable,
                                 HasSubstr("asks for new keys")));
  EXPECT_TRUE(IsBrokenResource(received));
  co_return absl::OkStatus();
}

// A server of ours, and a client that can do anything.
class PeerAndServer {
 public:
  explicit PeerAndServer(std::pair<MemoryStream, MemoryStream> ends)
      : peer(std::move(ends.first), "", ""),
        server_end_(std::move(ends.second)) {}

  // Leaves what became of the server in `server`.
  Task<> Handshake() {
    auto serve = [this]() -> Task<> {
      server = co_await MemoryTls::Server(std::move(server_end_),
                                          TestServerContext());
    };
    auto connect = [this]() -> Task<> {
      (co_await peer.Handshake()).IgnoreError();
    };
    (co_await WhenAll(serve, connect)).IgnoreError();
  }

  OpensslPeer peer;
  absl::StatusOr<MemoryTls> server = absl::UnknownError("no handshake yet");

 private:
  MemoryStream server_end_;
};

TLS_TEST(TlsPeerTest, AServerRefusesToRenegotiate) {
  PeerAndServer both(MemoryStreamPair());
  SSL_CTX_set_max_proto_version(both.peer.context(), TLS1_2_VERSION);
  co_await both.Handshake();
  CO_ASSERT_OK(both.server);
  EXPECT_EQ(SSL_renegotiate(both.peer.ssl()), 1);
  SSL_do_handshake(both.peer.ssl());
  co_await Try(both.peer.Flush());
  char buffer[8];
  auto nothing =
      co_await MoveOnAfter(absl::Seconds(1), both.server->ReceiveSome(buffer));
  EXPECT_FALSE(nothing.has_value());
  EXPECT_THAT(
      co_await both.peer.Receive(),
      StatusIs(absl::StatusCode::kInternal, HasSubstr("no renegotiation")));
  co_return absl::OkStatus();
}

TLS_TEST(TlsPeerTest, AServerRefusesAnOldVersion) {
  PeerAndServer both(MemoryStreamPair());
  SSL_CTX_set_max_proto_version(both.peer.context(), TLS1_1_VERSION);
  SSL_CTX_set_cipher_list(both.peer.context(), "ALL:@SECLEVEL=0");
  co_await both.Handshake();
  EXPECT_THAT(both.server, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("unsupported protocol")));
  co_return absl::OkStatus();
}

// Keys of the client's kinds of cipher are RSA's, and the server's is none.
TLS_TEST(TlsPeerTest, AServerRefusesCiphersThatItDoesNotHave) {
  PeerAndServer both(MemoryStreamPair());
  SSL_CTX_set_max_proto_version(both.peer.context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(both.peer.context(), "AES128-GCM-SHA256");
  co_await both.Handshake();
  EXPECT_THAT(both.server, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("no shared cipher")));
  co_return absl::OkStatus();
}

TLS_TEST(TlsPeerTest, AClientHearsThatThereIsNoCipherInCommon) {
  auto [client_end, server_end] = MemoryStreamPair();
  const TlsServerOptions server = TestServerOptions();
  OpensslPeer peer(std::move(server_end), server.chain_pem(), server.key_pem());
  SSL_CTX_set_max_proto_version(peer.context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(peer.context(), "AES128-GCM-SHA256");
  absl::Status connected;
  auto connect = [&, end = &client_end]() -> Task<> {
    connected = (co_await MemoryTls::Client(std::move(*end),
                                            TestClientContext(), "localhost"))
                    .status();
  };
  (co_await WhenAll(connect, peer.Handshake())).IgnoreError();
  EXPECT_THAT(connected, StatusIs(absl::StatusCode::kFailedPrecondition,
                                  HasSubstr("handshake_failure")));
  co_return absl::OkStatus();
}

// What follows the peer's notice in the same packet is not TLS's.
TLS_TEST(TlsPeerTest, UnwrapGivesWhatCameBehindTheNotice) {
  auto both = co_await Try(Connected());
  SSL_shutdown(both.peer.ssl());
  BIO_write(SSL_get_wbio(both.peer.ssl()), "220 plain", 9);
  co_await Try(both.peer.Flush());
  auto [transport, rest] = co_await Try(both.client.Unwrap());
  EXPECT_EQ(rest, "220 plain");
  EXPECT_EQ(co_await Try(both.peer.Receive()), "");
  co_await Try(transport.SendAll("HELO"));
  char buffer[8];
  EXPECT_EQ(co_await Try(both.peer.transport().ReceiveSome(buffer)), 4U);
  co_return absl::OkStatus();
}

TLS_TEST(TlsPeerTest, RefusesToRenegotiate) {
  auto both = co_await Try(Connected(Tls12()));
  EXPECT_EQ(SSL_renegotiate(both.peer.ssl()), 1);
  SSL_do_handshake(both.peer.ssl());
  co_await Try(both.peer.Flush());
  // It refuses, and goes on.
  char buffer[8];
  auto nothing =
      co_await MoveOnAfter(absl::Seconds(1), both.client.ReceiveSome(buffer));
  EXPECT_FALSE(nothing.has_value());
  EXPECT_GT(both.peer.transport().unread(), 0U);
  const auto refused = co_await both.peer.Receive();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInternal,
                                HasSubstr("no renegotiation")));
  co_return absl::OkStatus();
}

// A peer may end before this side does, and go: only sending hears of that.
TLS_TEST(TlsPeerTest, APeerThatEndsAndGoesHasEnded) {
  auto both = co_await Try(Connected());
  co_await Try(both.peer.Send("last"));
  SSL_shutdown(both.peer.ssl());
  co_await Try(both.peer.Flush());
  both.peer.transport().Close();
  const absl::Status sent =
      co_await both.client.SendAll(std::string(1 << 20, 'x'));
  EXPECT_TRUE(IsBrokenResource(sent)) << sent;
  EXPECT_EQ(co_await Try(Receive(both.client, 4)), "last");
  char buffer[8];
  EXPECT_EQ(co_await Try(both.client.ReceiveSome(buffer)), 0U);
  co_await Try(both.client.Shutdown());
  co_return absl::OkStatus();
}

// A peer that has cut its sending can still be sent to.
TLS_TEST(TlsPeerTest, SendsAfterAnEndWithoutNotice) {
  auto both = co_await Try(Connected());
  co_await Try(both.peer.transport().SendEof());
  char buffer[8];
  const absl::Status received =
      (co_await both.client.ReceiveSome(buffer)).status();
  EXPECT_TRUE(IsBrokenResource(received)) << received;
  EXPECT_THAT(std::string(received.message()), HasSubstr("close_notify"));
  co_await Try(both.client.SendAll("hello"));
  EXPECT_EQ(co_await Try(both.peer.Receive()), "hello");
  co_return absl::OkStatus();
}

TLS_TEST(TlsPeerTest, NamesThePeersAlert) {
  auto both = co_await Try(Connected());
  // A record that the peer cannot decrypt: it answers bad_record_mac.
  co_await Try(both.client.SendAll("x"));
  auto [client_end, server_end] = MemoryStreamPair();
  co_await Try(both.peer.Receive());
  const std::string garbage =
      std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'g');
  BIO_write(SSL_get_rbio(both.peer.ssl()), garbage.data(),
            static_cast<int>(garbage.size()));
  EXPECT_FALSE((co_await both.peer.Receive()).ok());
  char buffer[8];
  const absl::Status received =
      (co_await both.client.ReceiveSome(buffer)).status();
  EXPECT_TRUE(IsBrokenResource(received)) << received;
  EXPECT_THAT(std::string(received.message()), HasSubstr("bad_record_mac"));
  const absl::Status sent = co_await both.client.SendAll("x");
  EXPECT_TRUE(IsBrokenResource(sent)) << sent;
  co_return absl::OkStatus();
}

// What cannot be decrypted is answered with an alert, too.
TLS_TEST(TlsPeerTest, TellsThePeerWhatIsWrong) {
  auto both = co_await Try(Connected());
  const std::string garbage =
      std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'g');
  co_await Try(both.peer.transport().SendAll(garbage));
  char buffer[8];
  const absl::Status received =
      (co_await both.client.ReceiveSome(buffer)).status();
  EXPECT_TRUE(IsBrokenResource(received)) << received;
  EXPECT_THAT(
      co_await both.peer.Receive(),
      StatusIs(absl::StatusCode::kInternal, HasSubstr("bad record mac")));
  co_return absl::OkStatus();
}

// Closed in the middle of a send: no notice within a record.
TLS_TEST(TlsPeerTest, AnInterruptedSendIsFollowedByNothing) {
  auto both = co_await Try(Connected(TestClientOptions(), /*capacity=*/6000));
  const auto sent = co_await MoveOnAfter(
      absl::Seconds(1), both.client.SendAll(std::string(1 << 20, 'x')));
  EXPECT_FALSE(sent.has_value());
  both.client.Close();
  const auto received = co_await both.peer.Receive();
  EXPECT_THAT(received, StatusIs(absl::StatusCode::kUnavailable));
  co_return absl::OkStatus();
}

}  // namespace
}  // namespace creche
