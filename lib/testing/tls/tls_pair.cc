// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/tls/tls_pair.h"

#include <utility>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"

namespace creche {
namespace {

const TestCertificates& Certificates() {
  static const auto* const certificates = new TestCertificates();
  return *certificates;
}

}  // namespace

TlsClientOptions TestClientOptions() {
  return TlsClientOptions().set_trusted_pem(Certificates().trusted_pem());
}

TlsServerOptions TestServerOptions() {
  static const auto* const certificate =
      new TestCertificate(Certificates().Good("localhost"));
  return TlsServerOptions().set_certificate_pem(certificate->chain,
                                                certificate->key);
}

const TlsContext& TestClientContext() {
  static const auto* const context =
      new TlsContext(TlsContext::ForClients(TestClientOptions()).value());
  return *context;
}

const TlsContext& TestServerContext() {
  static const auto* const context =
      new TlsContext(TlsContext::ForServers(TestServerOptions()).value());
  return *context;
}

Task<
    absl::StatusOr<std::pair<TlsStream<MemoryStream>, TlsStream<MemoryStream>>>>
TlsPair(TlsPairOptions options) {
  auto [client, server] = MemoryStreamPair();
  auto shaking =
      TlsPair(std::move(client), std::move(server), std::move(options));
  co_return co_await std::move(shaking);
}

}  // namespace creche
