// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/serve_tcp_on_cores.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/cores/internal/counted_connection.h"
#include "creche/net/internal/serve_tcp_parts.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/uring/file_descriptor.h"
#include "lib/cores/core_set.h"
#include "lib/cores/hand_over.h"

namespace creche::internal {

CountedConnection CountHere(Core& core) {
  return CountedConnection(CoreAccess::Cores(core), core.index());
}

HandOver& HandOverOf(Core& core, const std::string& host, std::uint16_t port) {
  return CoreAccess::Cores(core).hand_over(host, port);
}

TakesHandOver::TakesHandOver(HandOver& hand_over, std::size_t index)
    : hand_over_(hand_over), index_(index) {
  hand_over_.BeginTaking(index_);
}

void TakesHandOver::Stop() { hand_over_.StopTaking(index_); }

Task<absl::StatusOr<TcpListener>> ListenOnCore(std::string host,
                                               std::uint16_t port,
                                               bool reuse_port) {
  ListenOptions options;
  options.set_reuse_port(reuse_port);
  co_return co_await ListenTcp(std::move(host), port, options);
}

// What the library has of a connection that has just come is its descriptor.
Task<absl::Status> HandOut(HandOver& hand_over, TcpListener listener,
                           ServeOptions options) {
  for (;;) {
    TcpStream stream = co_await Try(
        AcceptPatiently(listener, /*ahead=*/true, options.retry_after()));
    hand_over.Give(FileDescriptor(stream.Release()));
  }
}

Task<std::pair<TcpStream, CountedConnection>> TakeHandedOver(
    HandOver& hand_over, std::size_t index) {
  for (;;) {
    std::optional<HandedOver> handed_over =
        co_await hand_over.at(index).Receive();
    absl::StatusOr<TcpStream> stream =
        TcpStream::FromDescriptor(handed_over->descriptor.get());
    // Otherwise the peer has gone meanwhile.
    if (stream.ok()) {
      static_cast<void>(handed_over->descriptor.Release());
      co_return std::pair<TcpStream, CountedConnection>(
          *std::move(stream), std::move(handed_over->counted));
    }
  }
}

}  // namespace creche::internal
