// SPDX-License-Identifier: Apache-2.0
//
// A TLS server that sends back what it receives. Ctrl-C ends everything.
//
//   openssl req -x509 -nodes -subj /CN=me -keyout key.pem -out chain.pem
//   bazel run //examples:tls_echo -- 7777 $PWD/chain.pem $PWD/key.pem
//   openssl s_client -connect 127.0.0.1:7777 -quiet

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/creche.h"
#include "creche/tls/serve_tls.h"
#include "creche/tls/tls_context.h"

namespace {

using Stream = creche::TlsStream<creche::TcpStream>;

creche::Task<absl::Status> EchoAll(Stream& stream) {
  for (;;) {
    char buffer[16384];
    const size_t size = co_await creche::Try(stream.ReceiveSome(buffer));
    if (size == 0) break;
    co_await creche::Try(stream.SendAll({buffer, size}));
  }
  co_return co_await stream.Shutdown();
}

creche::Task<> Echo(Stream stream) {
  std::cout << "a client, with " << stream.info().cipher << std::endl;
  const absl::Status status = co_await EchoAll(stream);
  if (!status.ok()) std::cout << status << std::endl;
}

creche::Task<absl::Status> Main(std::uint16_t port,
                                creche::TlsContext context) {
  creche::TcpListener listener =
      co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
  std::cout << "listening on " << listener.local_address()
            << " (Ctrl-C to stop)" << std::endl;
  // Handshakes count against the limit, too.
  co_return co_await creche::ServeTls(
      std::move(listener), std::move(context), Echo,
      creche::ServeOptions().set_max_connections(1000));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: tls_echo PORT CHAIN.pem KEY.pem\n";
    return 2;
  }
  const absl::StatusOr<creche::TlsContext> context =
      creche::TlsContext::ForServers(
          creche::TlsServerOptions().set_certificate(argv[2], argv[3]));
  if (!context.ok()) {
    std::cerr << context.status() << std::endl;
    return 1;
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status = creche::Run(
      options, Main, static_cast<std::uint16_t>(std::atoi(argv[1])), *context);
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
