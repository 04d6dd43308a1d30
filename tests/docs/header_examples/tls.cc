// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/tls/, compiled.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/tls/connect_tls.h"
#include "creche/tls/serve_tls.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_info.h"
#include "creche/tls/tls_options.h"
#include "creche/tls/tls_stream.h"

namespace {

// connect_tls.h

[[maybe_unused]] creche::Task<absl::Status> ConnectTlsExample(
    creche::TlsContext context) {
  creche::TlsStream stream =
      co_await creche::Try(creche::ConnectTls("example.org", 443, context));
  co_return absl::OkStatus();
}

// serve_tls.h

creche::Task<> Greet(creche::TlsStream<creche::TcpStream> stream) {
  (co_await stream.SendAll("hello\n")).IgnoreError();
  (co_await stream.Shutdown()).IgnoreError();
}

[[maybe_unused]] creche::Task<absl::Status> ServeTlsExample(
    creche::TcpListener listener, creche::TlsContext tls) {
  co_await creche::Try(creche::ServeTls(std::move(listener), tls, Greet));
  co_return absl::OkStatus();
}

// tls_context.h

[[maybe_unused]] absl::Status TlsContextExample() {
  creche::TlsClientOptions options;
  options.set_protocols({"http/1.1"});
  absl::StatusOr<creche::TlsContext> context =
      creche::TlsContext::ForClients(options);
  return context.status();
}

// tls_info.h

creche::Task<absl::Status> ServeHttp2(
    creche::TlsStream<creche::TcpStream>& /*stream*/) {
  co_return absl::OkStatus();
}

[[maybe_unused]] creche::Task<absl::Status> TlsInfoExample(
    creche::TlsStream<creche::TcpStream> stream) {
  if (stream.info().protocol == "h2") co_return co_await ServeHttp2(stream);
  co_return absl::OkStatus();
}

// tls_options.h

[[maybe_unused]] void TlsOptionsExample() {
  creche::TlsOptions options;
  options.set_handshake_timeout(absl::Seconds(3));
}

// tls_stream.h

[[maybe_unused]] creche::Task<absl::Status> TlsStreamExample(
    creche::TlsContext context, std::string request) {
  creche::TcpStream tcp =
      co_await creche::Try(creche::ConnectTcp("example.org", 443));
  creche::TlsStream stream =
      co_await creche::Try(creche::TlsStream<creche::TcpStream>::Client(
          std::move(tcp), context, "example.org"));
  co_await creche::Try(stream.SendAll(request));
  co_return absl::OkStatus();
}

}  // namespace
