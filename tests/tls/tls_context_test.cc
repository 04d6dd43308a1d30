// SPDX-License-Identifier: Apache-2.0
//
// Certificates by name, certificates of clients, tickets; and files that are
// not what they should be.

#include "creche/tls/tls_context.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "creche/core/combinators.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/testing/co_assert.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/tls/openssl_ptr.h"
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

// Below the test's own directory.
std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", name);
  std::ofstream(path) << text;
  return path;
}

TlsClientOptions Client() {
  return TlsClientOptions().set_trusted_pem(Certificates().trusted_pem());
}

TlsServerOptions Server(const std::string& name) {
  const TestCertificate made = Certificates().Good(name);
  return TlsServerOptions().set_certificate_pem(made.chain, made.key);
}

struct Ends {
  absl::StatusOr<MemoryTls> client = absl::UnknownError("");
  absl::StatusOr<MemoryTls> server = absl::UnknownError("");
};

// A handshake; then a byte to the client, with which tickets come.
Task<Ends> Shake(TlsContext client_context, TlsContext server_context,
                 std::string name) {
  auto [client_end, server_end] = MemoryStreamPair();
  Ends ends;
  auto client = [&, end = &client_end]() -> Task<> {
    ends.client =
        co_await MemoryTls::Client(std::move(*end), client_context, name);
  };
  auto server = [&, end = &server_end]() -> Task<> {
    ends.server = co_await MemoryTls::Server(std::move(*end), server_context);
  };
  (co_await WhenAll(client, server)).IgnoreError();
  if (ends.client.ok() && ends.server.ok()) {
    (co_await ends.server->SendAll("x")).IgnoreError();
    char byte = 0;
    (co_await ends.client->ReceiveExactly(absl::MakeSpan(&byte, 1)))
        .IgnoreError();
  }
  co_return ends;
}

TLS_TEST(TlsContextTest, ShowsTheCertificateOfTheNameThatIsAskedFor) {
  const TestCertificate other = Certificates().Good("other.org");
  const TestCertificate wild = Certificates().Good("*.wild.org");
  TlsServerOptions options = Server("default.org");
  options.add_certificate_for("other.org", WriteFile("other.pem", other.chain),
                              WriteFile("other.key", other.key));
  options.add_certificate_for("*.wild.org", WriteFile("wild.pem", wild.chain),
                              WriteFile("wild.key", wild.key));
  const TlsContext server = co_await Try(TlsContext::ForServers(options));
  const TlsContext client = co_await Try(TlsContext::ForClients(Client()));
  for (const std::string name :
       {"default.org", "other.org", "OTHER.org", "a.wild.org"}) {
    const Ends ends = co_await Shake(client, server, name);
    EXPECT_THAT(ends.client, IsOk()) << name;
  }
  const Ends ends = co_await Shake(client, server, "a.b.wild.org");
  EXPECT_THAT(ends.client, StatusIs(absl::StatusCode::kUnauthenticated));
  co_return absl::OkStatus();
}

TLS_TEST(TlsContextTest, VerifiesClients) {
  const std::string trusted =
      WriteFile("clients.pem", Certificates().trusted_pem());
  const TestCertificate shown = Certificates().Good("client");
  TlsServerOptions options = Server("localhost");
  options.set_client_trust_file(trusted).set_require_client_certificate(true);
  const TlsContext server = co_await Try(TlsContext::ForServers(options));

  TlsClientOptions known = Client();
  known.set_certificate(WriteFile("client.pem", shown.chain),
                        WriteFile("client.key", shown.key));
  const TlsContext client = co_await Try(TlsContext::ForClients(known));
  const Ends both = co_await Shake(client, server, "localhost");
  CO_ASSERT_OK(both.server);
  EXPECT_FALSE(both.server->info().peer_certificate_der.empty());

  const TlsContext unknown = co_await Try(TlsContext::ForClients(Client()));
  Ends one = co_await Shake(unknown, server, "localhost");
  EXPECT_THAT(one.server, StatusIs(absl::StatusCode::kUnauthenticated,
                                   HasSubstr("no certificate")));
  // In TLS 1.3 the client hears of that when it receives.
  CO_ASSERT_OK(one.client);
  char byte = 0;
  const absl::Status refused =
      (co_await one.client->ReceiveSome(absl::MakeSpan(&byte, 1))).status();
  EXPECT_TRUE(IsBrokenResource(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("certificate_required"));
  co_return absl::OkStatus();
}

Task<absl::StatusOr<bool>> Resumes(const TlsContext& client,
                                   const TlsContext& server) {
  Ends ends = co_await Shake(client, server, "localhost");
  if (!ends.client.ok()) co_return ends.client.status();
  ends.client->Close();
  co_return ends.client->info().is_resumed;
}

TLS_TEST(TlsContextTest, ResumesWhereTheTicketKeysAreTheSame) {
  const std::string keys(160, 'k');
  TlsServerOptions options = Server("localhost");
  options.set_ticket_keys(keys);
  const TlsContext first = co_await Try(TlsContext::ForServers(options));
  const TlsContext second = co_await Try(TlsContext::ForServers(options));
  options.set_ticket_keys(std::string(80, 'x'));
  const TlsContext other = co_await Try(TlsContext::ForServers(options));
  const TlsContext client = co_await Try(TlsContext::ForClients(Client()));
  EXPECT_FALSE(co_await Try(Resumes(client, first)));
  EXPECT_TRUE(co_await Try(Resumes(client, second)));
  EXPECT_FALSE(co_await Try(Resumes(client, other)));
  co_return absl::OkStatus();
}

TLS_TEST(TlsContextTest, ResumesAgainAndAgainInBothVersions) {
  for (const TlsVersion version : {TlsVersion::kTls1_2, TlsVersion::kTls1_3}) {
    const TlsContext server =
        co_await Try(TlsContext::ForServers(Server("localhost")));
    const TlsContext client = co_await Try(
        TlsContext::ForClients(Client().set_maximum_version(version)));
    EXPECT_FALSE(co_await Try(Resumes(client, server)));
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(co_await Try(Resumes(client, server))) << i;
    }
  }
  co_return absl::OkStatus();
}

TLS_TEST(TlsContextTest, DoesNotResumeWithoutTicketsOrACache) {
  const TlsContext client = co_await Try(TlsContext::ForClients(Client()));
  const TlsContext forgetful =
      co_await Try(TlsContext::ForClients(Client().set_session_cache(0)));
  const TlsContext server =
      co_await Try(TlsContext::ForServers(Server("localhost")));
  const TlsContext stingy =
      co_await Try(TlsContext::ForServers(Server("localhost").set_tickets(0)));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(co_await Try(Resumes(client, stingy)));
    EXPECT_FALSE(co_await Try(Resumes(forgetful, server)));
  }
  co_return absl::OkStatus();
}

absl::Status ServerStatus(const TlsServerOptions& options) {
  return TlsContext::ForServers(options).status();
}

TEST(TlsContextTest, SaysWhatIsWrongWithAFile) {
  const TestCertificate made = Certificates().Good("localhost");
  const TestCertificate other = Certificates().Good("localhost");
  const std::string chain = WriteFile("good.pem", made.chain);
  const std::string key = WriteFile("good.key", made.key);
  const std::string other_key = WriteFile("other_good.key", other.key);
  const std::string garbage = WriteFile("garbage.pem", "no PEM");
  EXPECT_THAT(ServerStatus(TlsServerOptions().set_certificate(chain, key)),
              IsOk());
  EXPECT_THAT(ServerStatus(TlsServerOptions()),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("needs a certificate")));
  EXPECT_THAT(ServerStatus(TlsServerOptions().set_certificate("/no/such", key)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such")));
  EXPECT_THAT(
      ServerStatus(TlsServerOptions().set_certificate(chain, other_key)),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(other_key)));
  EXPECT_THAT(ServerStatus(TlsServerOptions().set_certificate(garbage, key)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(garbage)));
  EXPECT_THAT(ServerStatus(TlsServerOptions().set_certificate(chain, garbage)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(garbage)));
  // Cannot be read, by root either.
  const std::string directory = ::testing::TempDir();
  const absl::Status unreadable =
      ServerStatus(TlsServerOptions().set_certificate(directory, key));
  EXPECT_THAT(std::string(unreadable.message()),
              HasSubstr(absl::StrCat("read ", directory)));
  const std::string cut =
      WriteFile("cut.pem", made.chain.substr(0, made.chain.size() / 2));
  EXPECT_THAT(ServerStatus(TlsServerOptions().set_certificate(cut, key)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(cut), HasSubstr("certificate"))));
}

// `key`, with a password.
std::string Encrypted(const std::string& key) {
  using internal::OpensslPtr;
  const OpensslPtr<BIO> text(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const OpensslPtr<EVP_PKEY> plain(
      PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  const OpensslPtr<BIO> written(BIO_new(BIO_s_mem()));
  char password[] = "secret";
  PEM_write_bio_PrivateKey(written.get(), plain.get(), EVP_aes_128_cbc(),
                           nullptr, 0, nullptr, password);
  char* data = nullptr;
  const long size = BIO_get_mem_data(written.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// OpenSSL itself would ask for the password on the terminal.
TEST(TlsContextTest, SaysThatAKeyIsEncrypted) {
  const TestCertificate made = Certificates().Good("localhost");
  const std::string chain = WriteFile("locked.pem", made.chain);
  const std::string key = WriteFile("locked.key", Encrypted(made.key));
  EXPECT_THAT(ServerStatus(TlsServerOptions().set_certificate(chain, key)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(key), HasSubstr("encrypted"))));
  EXPECT_THAT(TlsContext::ForClients(Client().set_certificate(chain, key)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr(key), HasSubstr("encrypted"))));
}

TEST(TlsContextTest, SaysWhatIsWrongWithAnOption) {
  EXPECT_THAT(ServerStatus(Server("x").set_ticket_keys("short")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("80")));
  EXPECT_THAT(ServerStatus(Server("x").set_protocols({""})),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ServerStatus(Server("x").set_require_client_certificate(true)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("set_client_trust_file")));
  EXPECT_THAT(
      TlsContext::ForClients(Client()
                                 .set_minimum_version(TlsVersion::kTls1_3)
                                 .set_maximum_version(TlsVersion::kTls1_2)),
      StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(
      TlsContext::ForClients(TlsClientOptions().set_trusted_file("/no/such")),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such")));
}

// By what OpenSSL finds the authority's certificate in a directory.
std::string NameInADirectory() {
  using internal::OpensslPtr;
  const std::string pem = Certificates().trusted_pem();
  const OpensslPtr<BIO> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const OpensslPtr<X509> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  return absl::StrCat(
      absl::Hex(X509_subject_name_hash(certificate.get()), absl::kZeroPad8),
      ".0");
}

// What a context trusts that is made where `variable` has that value.
absl::StatusOr<TlsContext> ClientOf(const char* variable,
                                    const std::string& value) {
  setenv(variable, value.c_str(), 1);
  absl::StatusOr<TlsContext> client = TlsContext::ForClients();
  unsetenv(variable);
  return client;
}

TLS_TEST(TlsContextTest, TrustsWhatTheEnvironmentNames) {
  const TlsContext server =
      co_await Try(TlsContext::ForServers(Server("localhost")));
  const std::string directory = WriteFile("trusted", "");
  unlink(directory.c_str());
  mkdir(directory.c_str(), 0700);
  const TlsContext by_directory =
      co_await Try(ClientOf("SSL_CERT_DIR", directory));
  const Ends unknown = co_await Shake(by_directory, server, "localhost");
  EXPECT_THAT(unknown.client, StatusIs(absl::StatusCode::kUnauthenticated));

  const std::string file =
      WriteFile(absl::StrCat("trusted/", NameInADirectory()),
                Certificates().trusted_pem());
  const Ends known = co_await Shake(by_directory, server, "localhost");
  EXPECT_THAT(known.client, IsOk());
  const TlsContext by_file = co_await Try(ClientOf("SSL_CERT_FILE", file));
  const Ends of_file = co_await Shake(by_file, server, "localhost");
  EXPECT_THAT(of_file.client, IsOk());
  unlink(file.c_str());
  co_return absl::OkStatus();
}

TEST(TlsContextTest, AsksTheEnvironmentForTheSystemsTrust) {
  setenv("SSL_CERT_FILE", "/no/such", 1);
  EXPECT_THAT(TlsContext::ForClients(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such")));
  const std::string trusted =
      WriteFile("trusted.pem", Certificates().trusted_pem());
  setenv("SSL_CERT_FILE", trusted.c_str(), 1);
  EXPECT_THAT(TlsContext::ForClients(), IsOk());
  unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace creche
