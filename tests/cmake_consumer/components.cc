// Something of each component, so that it has to be found and linked.

#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "creche/postgres/postgres_connection.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/tls/tls_context.h"

namespace {

// Nobody listens on that port.
creche::Task<absl::Status> Main() {
  const creche::TestCertificates certificates;
  creche::TlsClientOptions trusted;
  trusted.set_trusted_pem(certificates.trusted_pem());
  co_await creche::Try(creche::TlsContext::ForClients(trusted));

  creche::HttpClient client;
  creche::HttpRequest request("http://127.0.0.1:1/");
  std::cout << (co_await client.Fetch(request)).status() << std::endl;
  auto connection =
      creche::PostgresConnection::Connect("host=127.0.0.1 port=1 user=nobody");
  std::cout << (co_await std::move(connection)).status() << std::endl;
  co_return absl::OkStatus();
}

}  // namespace

int main() {
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
