// SPDX-License-Identifier: Apache-2.0

#include "creche/cores/serve_tcp_on_cores.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/cores/core.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/uring/file_descriptor.h"
#include "lib/cores/core_set.h"

namespace creche::internal {
namespace {

// Of those that take any. Core 0, which accepts, does.
std::size_t LeastLoaded(CoreSet& cores, HandOver& hand_over) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < cores.count(); ++i) {
    if (hand_over.is_served(i) &&
        cores.connections(i) < cores.connections(best)) {
      best = i;
    }
  }
  return best;
}

}  // namespace

CountedConnection::CountedConnection(Core& core, Since since)
    : cores_(CoreAccess::Cores(core)), index_(core.index()) {
  if (since == Since::kNow) ++cores_.connections(index_);
}

CountedConnection::~CountedConnection() { --cores_.connections(index_); }

TakesHandOver::TakesHandOver(Core& core, std::uint16_t port)
    : cores_(CoreAccess::Cores(core)),
      hand_over_(cores_.hand_over(port)),
      index_(core.index()) {
  hand_over_.is_served(index_) = true;
}

TakesHandOver::~TakesHandOver() {
  hand_over_.is_served(index_) = false;
  while (hand_over_.at(index_).TryReceive().ok()) {
    --cores_.connections(index_);
  }
}

Task<absl::StatusOr<TcpListener>> ListenOnCore(std::string host,
                                               std::uint16_t port,
                                               bool reuse_port) {
  ListenOptions options;
  options.set_reuse_port(reuse_port);
  co_return co_await ListenTcp(std::move(host), port, options);
}

// What the library has of a connection that has just come is its descriptor.
Task<absl::Status> HandOut(Core& core, TcpListener listener,
                           ServeOptions options) {
  CoreSet& cores = CoreAccess::Cores(core);
  HandOver& hand_over = cores.hand_over(listener.port());
  for (;;) {
    absl::StatusOr<TcpStream> stream = co_await listener.Accept();
    if (absl::IsResourceExhausted(stream.status())) {
      co_await SleepFor(options.retry_after());
      continue;
    }
    if (!stream.ok()) co_return stream.status();
    const std::size_t to = LeastLoaded(cores, hand_over);
    ++cores.connections(to);
    hand_over.to(to).TrySend(FileDescriptor(stream->Release())).IgnoreError();
  }
}

Task<TcpStream> TakeHandedOver(Core& core, std::uint16_t port) {
  HandOver& hand_over = CoreAccess::Cores(core).hand_over(port);
  for (;;) {
    std::optional<FileDescriptor> descriptor =
        co_await hand_over.at(core.index()).Receive();
    absl::StatusOr<TcpStream> stream =
        TcpStream::FromDescriptor(descriptor->get());
    if (stream.ok()) {
      static_cast<void>(descriptor->Release());
      co_return *std::move(stream);
    }
    // The peer has gone meanwhile.
    --CoreAccess::Cores(core).connections(core.index());
  }
}

}  // namespace creche::internal
