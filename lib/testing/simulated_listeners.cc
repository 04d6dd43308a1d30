// SPDX-License-Identifier: Apache-2.0
//
// The addresses of a simulated network, and who listens there. No socket of the
// kernel is bound.

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "creche/core/internal/misuse.h"
#include "lib/testing/simulated_network_port.h"

namespace creche {
namespace {

bool HasOption(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  return getsockopt(fd, level, option, &value, &size) == 0 && value != 0;
}

bool IsWildcard(const SocketAddress& address) {
  return address.host() == "0.0.0.0" || address.host() == "::";
}

}  // namespace

// "::" stands for IPv4 addresses, too, unless the socket is for IPv6 only.
bool SimulatedNetwork::Network::Name::Covers(const SocketAddress& other) const {
  if (address.port() != other.port()) return false;
  if (address.host() == other.host()) return true;
  if (!IsWildcard(address)) return false;
  return address.family() == other.family() ||
         (other.family() == AF_INET && !is_v6_only);
}

int SimulatedNetwork::Network::Bind(int fd, const sockaddr* address,
                                    socklen_t size) {
  Name name = {SocketAddress::FromKernel(address, size),
               HasOption(fd, IPPROTO_IPV6, IPV6_V6ONLY)};
  if (!name.address.is_ip()) return SocketNames::Bind(fd, address, size);
  if (name.address.port() == 0) {
    name.address.set_port(next_port_++);
  } else if (!HasOption(fd, SOL_SOCKET, SO_REUSEPORT) && IsTaken(name)) {
    return -EADDRINUSE;
  }
  bound_[fd] = name;
  return 0;
}

bool SimulatedNetwork::Network::IsTaken(const Name& name) {
  LookAtSensors();
  return std::any_of(
      listeners_.begin(), listeners_.end(), [&](const auto& item) {
        const Name& other = item.second.name;
        return name.Covers(other.address) || other.Covers(name.address);
      });
}

// From now on the program's descriptor is one end of a pair, by whose other end
// the network sees when the program closes it.
int SimulatedNetwork::Network::Listen(int fd, int backlog) {
  auto bound = bound_.find(fd);
  if (bound == bound_.end()) return SocketNames::Listen(fd, backlog);
  Listener listener;
  listener.name = bound->second;
  listener.sensor = ReplaceByPair(fd);
  bound_.erase(bound);
  listeners_.insert_or_assign(fd, std::move(listener));
  return 0;
}

std::pair<int, int> SimulatedNetwork::Network::MakePair() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    internal::Misuse("a simulated network has no descriptors left");
  }
  return {pair[0], pair[1]};
}

int SimulatedNetwork::Network::ReplaceByPair(int fd) {
  const auto [end, sensor] = MakePair();
  dup3(end, fd, O_CLOEXEC);
  close(end);
  return sensor;
}

int SimulatedNetwork::Network::GetSockName(int fd, sockaddr* address,
                                           socklen_t* size) {
  const std::optional<SocketAddress> name = FindName(fd);
  if (!name.has_value()) return SocketNames::GetSockName(fd, address, size);
  std::memcpy(address, name->data(), std::min(*size, name->size()));
  *size = name->size();
  return 0;
}

std::optional<SocketAddress> SimulatedNetwork::Network::FindName(int fd) const {
  if (const EndPtr end = FindEnd(fd)) return end->name;
  if (auto found = listeners_.find(fd); found != listeners_.end()) {
    return found->second.name.address;
  }
  if (auto found = bound_.find(fd); found != bound_.end()) {
    return found->second.address;
  }
  return std::nullopt;
}

auto SimulatedNetwork::Network::FindListener(const SocketAddress& wanted)
    -> Listener* {
  for (auto& [fd, listener] : listeners_) {
    if (listener.name.Covers(wanted)) return &listener;
  }
  return nullptr;
}

void SimulatedNetwork::Network::SetHost(const SocketAddress& address,
                                        const SimulatedHost& host) {
  hosts_.emplace_back(address, host);
}

// The last word on the port counts, or else the last on the whole host.
SimulatedHost SimulatedNetwork::Network::FindHost(
    const SocketAddress& wanted) const {
  SimulatedHost found;
  for (const bool whole_host : {true, false}) {
    for (const auto& [address, host] : hosts_) {
      if (address.host() == wanted.host() &&
          address.port() == (whole_host ? 0 : wanted.port())) {
        found = host;
      }
    }
  }
  return found;
}

// A listener that the program has closed, or shut down, listens no more. Those
// who wait in its backlog are reset.
void SimulatedNetwork::Network::LookAtListeners() {
  for (auto item = listeners_.begin(); item != listeners_.end();) {
    Listener& listener = item->second;
    pollfd sensor = {listener.sensor, POLLIN | POLLRDHUP, 0};
    if (poll(&sensor, 1, 0) <= 0) {
      ++item;
      continue;
    }
    Complete(listener.accept, -EINVAL);
    CloseListener(listener);
    item = listeners_.erase(item);
  }
}

void SimulatedNetwork::Network::CloseListener(Listener& listener) {
  for (const EndPtr& end : listener.backlog) {
    ResetPeerLater(*end);
    close(std::exchange(end->fd, -1));
  }
  close(listener.sensor);
}

}  // namespace creche
