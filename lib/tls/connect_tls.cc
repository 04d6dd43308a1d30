// SPDX-License-Identifier: Apache-2.0

#include "creche/tls/connect_tls.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_stream.h"
#include "creche/tls/tls_stream.h"

namespace creche {
namespace {

// The same error, of this peer.
absl::Status OfPeer(const absl::Status& status, const std::string& host,
                    std::uint16_t port) {
  absl::Status named(status.code(),
                     absl::StrCat(host, ":", port, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    named.SetPayload(type, payload);
  });
  return named;
}

}  // namespace

Task<absl::StatusOr<TlsStream<TcpStream>>> ConnectTls(
    std::string host, std::uint16_t port, TlsContext context,
    ConnectOptions connect_options, TlsOptions tls_options) {
  if (host.empty()) {
    co_return co_await internal::AfterCheckpoint(
        absl::InvalidArgumentError("ConnectTls: the host is empty"));
  }
  TcpStream transport = co_await Try(ConnectTcp(host, port, connect_options));
  auto shaking = TlsStream<TcpStream>::Client(
      std::move(transport), std::move(context), host, tls_options);
  absl::StatusOr<TlsStream<TcpStream>> stream = co_await std::move(shaking);
  if (!stream.ok()) co_return OfPeer(stream.status(), host, port);
  co_return stream;
}

}  // namespace creche
