// SPDX-License-Identifier: Apache-2.0
//
// ConnectTls: to a server that speaks TLS.
//
//   creche::TlsStream stream =
//       co_await creche::Try(creche::ConnectTls("example.org", 443, context));

#ifndef CRECHE_TLS_CONNECT_TLS_H_
#define CRECHE_TLS_CONNECT_TLS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_stream.h"
#include "creche/tls/tls_context.h"
#include "creche/tls/tls_options.h"
#include "creche/tls/tls_stream.h"

namespace creche {

// ConnectTcp(), and a handshake that expects the certificate of `host`, a name
// or an address in digits.
//
// Cancellation: safe. No socket is left.
// Errors: as of ConnectTcp() (net/connect_tcp.h) and TlsStream::Client(). The
//   message names the host and the port.
Task<absl::StatusOr<TlsStream<TcpStream>>> ConnectTls(
    std::string host, std::uint16_t port, TlsContext context,
    ConnectOptions connect_options = ConnectOptions(),
    TlsOptions tls_options = TlsOptions());

}  // namespace creche

#endif  // CRECHE_TLS_CONNECT_TLS_H_
