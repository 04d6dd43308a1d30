// SPDX-License-Identifier: Apache-2.0
//
// How the ends of a connection find each other.

#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "lib/testing/simulated_network_port.h"

namespace creche {
namespace {

// After this time Linux gives a connect up that nobody answers.
constexpr absl::Duration kConnectTimeout = absl::Seconds(127);

}  // namespace

// A cancelled attempt's operation may be another one by the time of the answer,
// so attempts have numbers.
void SimulatedNetwork::Network::StartConnect(Operation& operation,
                                             const io_uring_sqe& entry) {
  const auto wanted = SocketAddress::FromKernel(
      static_cast<const sockaddr*>(Pointer(entry.addr)),
      static_cast<socklen_t>(entry.off));
  const SimulatedHost host = FindHost(wanted);
  const bool is_lost = host.answer == SimulatedHost::kBlackHole;
  const std::uint64_t number = ++connects_;
  connecting_[&operation] = {entry.fd, number};
  At(clock_.Now() + (is_lost ? kConnectTimeout : 2 * (Latency() + host.delay)),
     [=, this, &operation] {
       auto found = connecting_.find(&operation);
       if (found == connecting_.end() || found->second.number != number) return;
       const int fd = found->second.fd;
       connecting_.erase(found);
       due_.emplace_back(&operation,
                         is_lost ? -ETIMEDOUT : Connect(fd, wanted, host));
     });
}

int SimulatedNetwork::Network::Connect(int fd, const SocketAddress& wanted,
                                       const SimulatedHost& host) {
  LookAtSensors();
  Listener* const listener = FindListener(wanted);
  if (listener == nullptr || host.answer == SimulatedHost::kRefuses ||
      Happens(options_.refuse_probability)) {
    return -ECONNREFUSED;
  }
  const EndPtr client = AddEnd(fd, ReplaceByPair(fd), host);
  const auto [accepted, sensor] = MakePair();
  const EndPtr server = AddEnd(accepted, sensor, host);
  client->peer = server;
  server->peer = client;
  client->name = TakeClientName(fd, wanted);
  server->name = wanted;
  if (host.answer == SimulatedHost::kResets) {
    ResetPeerLater(*client);
    ResetPeerLater(*server);
  }
  listener->backlog.push_back(server);
  TryAccept(*listener);
  return 0;
}

auto SimulatedNetwork::Network::AddEnd(int fd, int sensor,
                                       const SimulatedHost& host) -> EndPtr {
  auto end = std::make_shared<End>();
  end->fd = fd;
  end->sensor = sensor;
  end->delay = host.delay;
  ends_.push_back(end);
  return end;
}

// Clients that were not bound are on this machine.
SocketAddress SimulatedNetwork::Network::TakeClientName(
    int fd, const SocketAddress& wanted) {
  if (auto bound = bound_.find(fd); bound != bound_.end()) {
    const SocketAddress name = bound->second.address;
    bound_.erase(bound);
    return name;
  }
  return *SocketAddress::Parse(
      wanted.family() == AF_INET6 ? "::1" : "127.0.0.1", next_port_++);
}

void SimulatedNetwork::Network::TryAccept(Listener& listener) {
  if (listener.accept == nullptr || listener.backlog.empty()) return;
  const EndPtr end = listener.backlog.front();
  listener.backlog.pop_front();
  const EndPtr peer = end->peer.lock();
  if (listener.entry.addr != 0 && peer != nullptr) {
    auto* size = static_cast<socklen_t*>(Pointer(listener.entry.addr2));
    std::memcpy(Pointer(listener.entry.addr), peer->name.data(),
                std::min(*size, peer->name.size()));
    *size = peer->name.size();
  }
  Complete(listener.accept, end->fd);
}

}  // namespace creche
