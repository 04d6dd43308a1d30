// SPDX-License-Identifier: Apache-2.0
//
// A TLS server that sends back what it receives. It reads its certificate again
// on SIGHUP, for the connections that come then. Ctrl-C ends everything.
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
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_stream.h"

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

creche::Task<absl::Status> Echo(Stream stream) {
  std::cout << "a client, with " << stream.info().cipher << std::endl;
  co_return co_await EchoAll(stream);
}

// Each connection begins with the certificate of that moment, and keeps it.
// (Where that does not change, ServeTls() does all of this.)
creche::Task<absl::Status> Serve(creche::TcpListener listener,
                                 const creche::TlsContext& context) {
  auto serve_one = [&](creche::TcpStream transport) -> creche::Task<> {
    auto handshake = Stream::Server(std::move(transport), context);
    absl::StatusOr<Stream> stream = co_await std::move(handshake);
    absl::Status status = stream.status();
    if (status.ok()) status = co_await Echo(*std::move(stream));
    if (!status.ok()) std::cout << status << std::endl;
  };
  // Handshakes count against the limit, too.
  co_return co_await creche::ServeTcp(
      std::move(listener), serve_one,
      creche::ServeOptions().set_max_connections(1000));
}

// Files that are no good leave the certificate as it was.
creche::Task<absl::Status> ReloadOnHangup(creche::SignalReceiver& hangup,
                                          creche::TlsServerOptions options,
                                          creche::TlsContext& context) {
  for (;;) {
    co_await hangup.Receive();
    // In a thread, since reading files would stop the connections.
    const absl::StatusOr<creche::TlsContext> read =
        co_await creche::RunInThread(
            [&] { return creche::TlsContext::ForServers(options); });
    if (read.ok()) context = *read;
    std::cout << "read the certificate again: " << read.status() << std::endl;
  }
}

creche::Task<absl::Status> Main(std::uint16_t port,
                                creche::TlsServerOptions options,
                                creche::TlsContext context) {
  auto serve =
      [&](creche::SignalReceiver& hangup) -> creche::Task<absl::Status> {
    creche::TcpListener listener =
        co_await creche::Try(creche::ListenTcp("127.0.0.1", port));
    std::cout << "listening on " << listener.local_address()
              << " (Ctrl-C to stop)" << std::endl;
    co_await creche::Try(
        creche::WhenAll(Serve(std::move(listener), context),
                        ReloadOnHangup(hangup, options, context)));
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithSignals(creche::SignalSet(SIGHUP), serve);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: tls_echo PORT CHAIN.pem KEY.pem\n";
    return 2;
  }
  creche::TlsServerOptions tls;
  tls.set_certificate(argv[2], argv[3]);
  const absl::StatusOr<creche::TlsContext> context =
      creche::TlsContext::ForServers(tls);
  if (!context.ok()) {
    std::cerr << context.status() << std::endl;
    return 1;
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, Main, static_cast<std::uint16_t>(std::atoi(argv[1])),
                  tls, *context);
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
