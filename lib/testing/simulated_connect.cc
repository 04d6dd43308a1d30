// SPDX-License-Identifier: Apache-2.0
//
// How the ends of a connection find each other.

#include <arpa/inet.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "creche/internal/misuse.h"
#include "lib/testing/simulated_network_port.h"

namespace creche {
namespace {

// Where the network looks for listening sockets.
constexpr int kDescriptors = 256;

// True if `listening` is where a connection to `wanted` arrives.
bool Accepts(const sockaddr_storage& listening,
             const sockaddr_storage& wanted) {
  if (listening.ss_family != wanted.ss_family) return false;
  if (wanted.ss_family == AF_INET) {
    const auto& a = reinterpret_cast<const sockaddr_in&>(listening);
    const auto& b = reinterpret_cast<const sockaddr_in&>(wanted);
    return a.sin_port == b.sin_port && (a.sin_addr.s_addr == INADDR_ANY ||
                                        a.sin_addr.s_addr == b.sin_addr.s_addr);
  }
  const auto& a = reinterpret_cast<const sockaddr_in6&>(listening);
  const auto& b = reinterpret_cast<const sockaddr_in6&>(wanted);
  return a.sin6_port == b.sin6_port &&
         (IN6_IS_ADDR_UNSPECIFIED(&a.sin6_addr) ||
          IN6_ARE_ADDR_EQUAL(&a.sin6_addr, &b.sin6_addr));
}

// -1 if nobody listens there.
int FindListener(const sockaddr_storage& wanted) {
  for (int fd = 0; fd < kDescriptors; ++fd) {
    int is_listening = 0;
    socklen_t size = sizeof(is_listening);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 ||
        is_listening == 0) {
      continue;
    }
    sockaddr_storage address = {};
    size = sizeof(address);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        Accepts(address, wanted)) {
      return fd;
    }
  }
  return -1;
}

}  // namespace

void SimulatedNetwork::Network::StartConnect(Operation& operation,
                                             const io_uring_sqe& entry) {
  sockaddr_storage address = {};
  std::memcpy(&address, Pointer(entry.addr),
              std::min<std::size_t>(entry.off, sizeof(address)));
  connecting_[&operation] = entry.fd;
  At(clock_.Now() + 2 * Latency(), [this, &operation, address] {
    auto found = connecting_.find(&operation);
    if (found == connecting_.end()) return;
    const int fd = found->second;
    connecting_.erase(found);
    due_.emplace_back(&operation, Connect(fd, address));
  });
}

int SimulatedNetwork::Network::Connect(int fd,
                                       const sockaddr_storage& address) {
  const int listening = FindListener(address);
  if (listening < 0 || Happens(options_.refuse_probability)) {
    return -ECONNREFUSED;
  }
  const EndPtr client = MakeEnd();
  const EndPtr server = MakeEnd();
  client->peer = server;
  server->peer = client;
  // From now on the program's descriptor is an end of ours.
  dup3(client->fd, fd, O_CLOEXEC);
  close(std::exchange(client->fd, fd));
  Listener& listener = listeners_[listening];
  listener.backlog.push_back(server);
  TryAccept(listener);
  return 0;
}

auto SimulatedNetwork::Network::MakeEnd() -> EndPtr {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    creche::internal::Misuse("a simulated network has no descriptors left");
  }
  auto end = std::make_shared<End>();
  end->fd = pair[0];
  end->sensor = pair[1];
  ends_.push_back(end);
  return end;
}

void SimulatedNetwork::Network::TryAccept(Listener& listener) {
  if (listener.accept == nullptr || listener.backlog.empty()) return;
  const int fd = listener.backlog.front()->fd;
  listener.backlog.pop_front();
  sockaddr_in client = {};
  client.sin_family = AF_INET;
  client.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  client.sin_port = htons(next_port_++);
  if (listener.entry.addr != 0) {
    auto* size = static_cast<socklen_t*>(Pointer(listener.entry.addr2));
    std::memcpy(Pointer(listener.entry.addr), &client,
                std::min<std::size_t>(*size, sizeof(client)));
    *size = sizeof(client);
  }
  Complete(listener.accept, fd);
}

}  // namespace creche
