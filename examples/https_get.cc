// SPDX-License-Identifier: Apache-2.0
//
// Fetches a page over HTTPS. The server's certificate is verified with what the
// system trusts, or with a file of certificates; it has 10 s in all.
//
//   bazel run //examples:https_get -- https://example.org/
//   bazel run //examples:https_get -- https://127.0.0.1:8443/ trusted.pem

#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/tls/connect_tls.h"
#include "creche/tls/tls_context.h"

namespace {

struct Url {
  std::string host;
  std::uint16_t port = 443;
  std::string target;
};

// https://host[:port][/target]
absl::StatusOr<Url> Parse(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "https://")) {
    return absl::InvalidArgumentError("the URL must begin with https://");
  }
  Url url;
  const size_t slash = text.find('/');
  const absl::string_view authority = text.substr(0, slash);
  url.target = "/";
  if (slash != absl::string_view::npos) {
    url.target = std::string(text.substr(slash));
  }
  const size_t colon = authority.find(':');
  url.host = std::string(authority.substr(0, colon));
  int port = url.port;
  if (colon != absl::string_view::npos &&
      !absl::SimpleAtoi(authority.substr(colon + 1), &port)) {
    return absl::InvalidArgumentError("the URL's port is no number");
  }
  url.port = static_cast<std::uint16_t>(port);
  return url;
}

// The whole response, headers and all. (With Connection: close, it ends with
// the connection; that nobody has cut it, TLS makes sure.)
creche::Task<absl::StatusOr<std::string>> Get(creche::TlsContext context,
                                              Url url) {
  creche::TlsStream<creche::TcpStream> stream =
      co_await creche::Try(creche::ConnectTls(url.host, url.port, context));
  co_await creche::Try(stream.SendAll(
      absl::StrCat("GET ", url.target, " HTTP/1.1\r\nHost: ", url.host,
                   "\r\nConnection: close\r\n\r\n")));
  std::string response;
  for (;;) {
    char buffer[16384];
    const size_t size = co_await creche::Try(stream.ReceiveSome(buffer));
    if (size == 0) break;
    response.append(buffer, size);
  }
  co_await creche::Try(stream.Shutdown());
  co_return response;
}

creche::Task<absl::Status> Main(creche::TlsContext context, Url url) {
  const std::string response = co_await creche::Try(
      creche::FailAfter(absl::Seconds(10), Get(std::move(context), url)));
  std::cout << response << std::flush;
  co_return absl::OkStatus();
}

absl::Status GetAndPrint(const std::string& address,
                         const std::string& trusted_file) {
  const absl::StatusOr<Url> url = Parse(address);
  if (!url.ok()) return url.status();
  // Before the run: to read what the system trusts takes a while.
  creche::TlsClientOptions tls;
  tls.set_protocols({"http/1.1"});
  if (!trusted_file.empty()) tls.set_trusted_file(trusted_file);
  absl::StatusOr<creche::TlsContext> context =
      creche::TlsContext::ForClients(tls);
  if (!context.ok()) return context.status();
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  return creche::Run(options, Main, *context, *url);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: https_get URL [TRUSTED.pem]\n";
    return 2;
  }
  const absl::Status status = GetAndPrint(argv[1], argc > 2 ? argv[2] : "");
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
