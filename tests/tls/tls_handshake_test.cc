// SPDX-License-Identifier: Apache-2.0

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/tls/tls_test.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using MemoryTls = TlsStream<MemoryStream>;

const TestCertificates& Certificates() {
  static const auto* const certificates = new TestCertificates();
  return *certificates;
}

TlsContext ServerWith(const TestCertificate& certificate,
                      TlsServerOptions options = TlsServerOptions()) {
  return TlsContext::ForServers(
             options.set_certificate_pem(certificate.chain, certificate.key))
      .value();
}

TlsContext ClientWith(TlsClientOptions options = TlsClientOptions()) {
  return TlsContext::ForClients(
             options.set_trusted_pem(Certificates().trusted_pem()))
      .value();
}

struct Handshake {
  absl::StatusOr<MemoryTls> client;
  absl::StatusOr<MemoryTls> server;
};

// Of a client that expects `name`. Both ends are given, whatever happens.
Task<Handshake> Shake(TlsContext client_context, TlsContext server_context,
                      std::string name, TlsOptions options = TlsOptions()) {
  auto [client_end, server_end] = MemoryStreamPair();
  Handshake made{absl::UnknownError(""), absl::UnknownError("")};
  auto client = [&, end = &client_end]() -> Task<> {
    made.client = co_await MemoryTls::Client(std::move(*end), client_context,
                                             name, options);
  };
  auto server = [&, end = &server_end]() -> Task<> {
    made.server =
        co_await MemoryTls::Server(std::move(*end), server_context, options);
  };
  (co_await WhenAll(client, server)).IgnoreError();
  co_return made;
}

TLS_TEST(TlsHandshakeTest, AcceptsACertificateOfTheName) {
  const auto made = co_await Shake(
      ClientWith(), ServerWith(Certificates().Good("example.org")),
      "example.org");
  EXPECT_THAT(made.client, IsOk());
  EXPECT_THAT(made.server, IsOk());
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, AcceptsAWildcardAnAddressAndAFinalDot) {
  const auto wildcard = co_await Shake(
      ClientWith(), ServerWith(Certificates().Good("*.example.org")),
      "www.example.org.");
  EXPECT_THAT(wildcard.client, IsOk());
  const auto address = co_await Shake(
      ClientWith(), ServerWith(Certificates().Good("127.0.0.1")), "127.0.0.1");
  EXPECT_THAT(address.client, IsOk());
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, AcceptsAnIntermediateAuthority) {
  const auto made = co_await Shake(
      ClientWith(),
      ServerWith(Certificates().GoodWithIntermediate("localhost")),
      "localhost");
  EXPECT_THAT(made.client, IsOk());
  co_return absl::OkStatus();
}

// The client says what is wrong with which certificate; the server hears why
// it was refused, by an alert.
struct Refusal {
  TestCertificate certificate;
  const char* why;
  const char* alert;
};

// Not within the coroutine: g++ 12 cannot keep such an array there.
std::vector<Refusal> Refusals() {
  return {
      {Certificates().Good("other.org"), "hostname mismatch",
       "bad_certificate"},
      {Certificates().Expired("localhost"), "certificate has expired",
       "certificate_expired"},
      {Certificates().NotYetValid("localhost"), "certificate is not yet valid",
       "bad_certificate"},
      {Certificates().ForClientsOnly("localhost"), "purpose",
       "unsupported_certificate"},
      {Certificates().SelfSigned("localhost"), "self-signed", "unknown_ca"},
      {Certificates().WithoutIntermediate("localhost"),
       "unable to get local issuer", "unknown_ca"},
  };
}

TLS_TEST(TlsHandshakeTest, RefusesWhatIsNotToBeTrusted) {
  const std::vector<Refusal> refusals = Refusals();
  for (const Refusal& refusal : refusals) {
    const auto made = co_await Shake(
        ClientWith(), ServerWith(refusal.certificate), "localhost");
    EXPECT_THAT(made.client,
                StatusIs(absl::StatusCode::kUnauthenticated,
                         AllOf(HasSubstr("localhost"), HasSubstr(refusal.why),
                               HasSubstr("depth 0"), HasSubstr("CN="))));
    EXPECT_THAT(made.server, StatusIs(absl::StatusCode::kFailedPrecondition,
                                      HasSubstr(refusal.alert)));
  }
  co_return absl::OkStatus();
}

// A certificate, and a name that a client expects instead.
struct WrongName {
  TestCertificate certificate;
  std::string expected;
  const char* why;
};

std::vector<WrongName> WrongNames() {
  const TestCertificates& make = Certificates();
  const char* const name = "hostname mismatch";
  const char* const address = "IP address mismatch";
  return {
      {make.Good("localhost"), "127.0.0.1", address},
      {make.Good("127.0.0.2"), "127.0.0.1", address},
      {make.Good("::1"), "::2", address},
      // An address is no name, even if it is written as one.
      {make.WithSubjectOnly("127.0.0.1"), "127.0.0.1", address},
      {make.WithSubjectOnly("localhost"), "localhost", name},
      // A wildcard is one whole label.
      {make.Good("*.example.org"), "example.org", name},
      {make.Good("*.example.org"), "a.b.example.org", name},
      {make.Good("w*.example.org"), "www.example.org", name},
  };
}

TLS_TEST(TlsHandshakeTest, RefusesAnotherNameOrAddress) {
  const std::vector<WrongName> wrong_names = WrongNames();
  for (const WrongName& wrong : wrong_names) {
    const auto made = co_await Shake(
        ClientWith(), ServerWith(wrong.certificate), wrong.expected);
    EXPECT_THAT(made.client, StatusIs(absl::StatusCode::kUnauthenticated,
                                      AllOf(HasSubstr(wrong.expected),
                                            HasSubstr(wrong.why))));
  }
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, SaysWhichCertificateOfTheChainIsNotTrusted) {
  const TestCertificates others;
  const auto made = co_await Shake(
      ClientWith(), ServerWith(others.GoodWithIntermediate("localhost")),
      "localhost");
  EXPECT_THAT(made.client,
              StatusIs(absl::StatusCode::kUnauthenticated,
                       AllOf(HasSubstr("depth 1"), HasSubstr("intermediate"))));
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, AnyNameIsForThoseWhoSayDangerously) {
  TlsOptions options;
  options.set_dangerously_accept_any_name(true);
  const auto any_name =
      co_await Shake(ClientWith(), ServerWith(Certificates().Good("other.org")),
                     "localhost", options);
  EXPECT_THAT(any_name.client, IsOk());
  const auto self_signed = co_await Shake(
      ClientWith(), ServerWith(Certificates().SelfSigned("localhost")),
      "localhost", options);
  EXPECT_THAT(self_signed.client, StatusIs(absl::StatusCode::kUnauthenticated));
  const auto any_certificate = co_await Shake(
      ClientWith(
          TlsClientOptions().set_dangerously_accept_any_certificate(true)),
      ServerWith(Certificates().SelfSigned("localhost")), "elsewhere");
  EXPECT_THAT(any_certificate.client, IsOk());
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, ANameIsRequired) {
  auto [client_end, server_end] = MemoryStreamPair();
  const auto client =
      co_await MemoryTls::Client(std::move(client_end), ClientWith(), "");
  EXPECT_THAT(client, StatusIs(absl::StatusCode::kInvalidArgument));
  // Nothing was sent.
  EXPECT_EQ(server_end.unread(), 0U);
  co_return absl::OkStatus();
}

// Not within a co_await: g++ 12 has no lists there.
TlsContext ClientOfTwo() {
  return ClientWith(TlsClientOptions().set_protocols({"http/1.1", "h2"}));
}
TlsContext ServerOfTwo() {
  return ServerWith(Certificates().Good("localhost"),
                    TlsServerOptions().set_protocols({"h2", "http/1.1"}));
}

TLS_TEST(TlsHandshakeTest, AgreesOnTheProtocolThatTheServerLikesBest) {
  const auto made = co_await Shake(ClientOfTwo(), ServerOfTwo(), "localhost");
  CO_ASSERT_OK(made.client);
  CO_ASSERT_OK(made.server);
  EXPECT_EQ(made.client->info().protocol, "h2");
  EXPECT_EQ(made.server->info().protocol, "h2");
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, WithoutAProtocolInCommonItFails) {
  TlsClientOptions options;
  options.set_protocols(std::vector<std::string>(1, "smtp"));
  const auto made =
      co_await Shake(ClientWith(options), ServerOfTwo(), "localhost");
  EXPECT_THAT(made.client, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("no_application_protocol")));
  EXPECT_THAT(made.server, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("no application protocol")));
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, AClientWithoutProtocolsIsServedAllTheSame) {
  const auto made = co_await Shake(ClientWith(), ServerOfTwo(), "localhost");
  CO_ASSERT_OK(made.client);
  EXPECT_EQ(made.client->info().protocol, "");
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, VersionsCanBeNarrowed) {
  const TestCertificate certificate = Certificates().Good("localhost");
  const auto old = co_await Shake(
      ClientWith(TlsClientOptions().set_maximum_version(TlsVersion::kTls1_2)),
      ServerWith(certificate), "localhost");
  CO_ASSERT_OK(old.client);
  EXPECT_EQ(old.client->info().version, TlsVersion::kTls1_2);
  const auto none = co_await Shake(
      ClientWith(TlsClientOptions().set_maximum_version(TlsVersion::kTls1_2)),
      ServerWith(certificate,
                 TlsServerOptions().set_minimum_version(TlsVersion::kTls1_3)),
      "localhost");
  EXPECT_THAT(none.client, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    HasSubstr("protocol_version")));
  EXPECT_THAT(none.server, StatusIs(absl::StatusCode::kFailedPrecondition));
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, ResumesASessionOfTheSameNameOnly) {
  const TlsContext client = ClientWith();
  const TlsContext server = ServerWith(Certificates().Good("*.example.org"));
  auto shake_and_talk = [&](std::string name) -> Task<absl::StatusOr<bool>> {
    auto made = co_await Shake(client, server, std::move(name));
    MemoryTls ours = co_await Try(std::move(made.client));
    MemoryTls theirs = co_await Try(std::move(made.server));
    // Tickets come with the first bytes.
    co_await Try(theirs.SendAll("x"));
    char byte = 0;
    co_await Try(ours.ReceiveExactly(absl::MakeSpan(&byte, 1)));
    co_return ours.info().is_resumed;
  };
  EXPECT_FALSE(co_await Try(shake_and_talk("a.example.org")));
  EXPECT_TRUE(co_await Try(shake_and_talk("a.example.org")));
  EXPECT_TRUE(co_await Try(shake_and_talk("A.example.org")));
  EXPECT_FALSE(co_await Try(shake_and_talk("b.example.org")));
  co_return absl::OkStatus();
}

TLS_TEST(TlsHandshakeTest, TakesAtMostTheTimeItIsGiven) {
  auto [client_end, server_end] = MemoryStreamPair();
  const absl::Time start = Now();
  const auto client = co_await MemoryTls::Client(
      std::move(client_end), ClientWith(), "localhost",
      TlsOptions().set_handshake_timeout(absl::Seconds(3)));
  EXPECT_TRUE(IsTimeout(client.status())) << client.status();
  EXPECT_EQ(Now() - start, absl::Seconds(3));
  // The transport is closed, behind what the client had sent.
  std::string buffer(server_end.unread() + 1, '\0');
  co_await Try(server_end.ReceiveSome(absl::MakeSpan(buffer)));
  EXPECT_EQ(co_await Try(server_end.ReceiveSome(absl::MakeSpan(buffer))), 0U);
  co_return absl::OkStatus();
}

Task<absl::Status> AnswerWith(MemoryStream& stream, std::string answer) {
  std::string buffer(4096, '\0');
  co_await Try(stream.ReceiveSome(absl::MakeSpan(buffer)));
  co_await Try(stream.SendAll(answer));
  stream.Close();
  co_return absl::OkStatus();
}

Task<absl::Status> ClientAgainst(std::string answer) {
  auto [client_end, server_end] = MemoryStreamPair();
  absl::Status status;
  auto client = [&, end = &client_end]() -> Task<> {
    status =
        (co_await MemoryTls::Client(std::move(*end), ClientWith(), "localhost"))
            .status();
  };
  (co_await WhenAll(client, AnswerWith(server_end, std::move(answer))))
      .IgnoreError();
  co_return status;
}

TLS_TEST(TlsHandshakeTest, SaysWhatIsNotTls) {
  EXPECT_THAT(
      co_await ClientAgainst("HTTP/1.1 400 Bad Request\r\n\r\n"),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("plain HTTP")));
  EXPECT_THAT(co_await ClientAgainst("220 mail.example.org ESMTP\r\n"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("does not speak TLS")));
  EXPECT_THAT(co_await ClientAgainst(""),
              StatusIs(absl::StatusCode::kUnavailable));
  auto [client_end, server_end] = MemoryStreamPair();
  co_await Try(client_end.SendAll("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto server = co_await MemoryTls::Server(
      std::move(server_end), ServerWith(Certificates().Good("localhost")));
  EXPECT_THAT(server, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("plain HTTP")));
  co_return absl::OkStatus();
}

}  // namespace
}  // namespace creche
