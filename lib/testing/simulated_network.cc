// SPDX-License-Identifier: Apache-2.0
//
// The sockets are real descriptors, so that the system calls that a program
// makes beside its operations (bind, getsockname, shutdown, close) work, and
// descriptors that leak are seen. A connected socket is one end of a socketpair
// through which no data goes: the network holds the other end, and sees by it
// when the program shuts down or closes its own.

#include "creche/testing/simulated_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/internal/misuse.h"
#include "creche/testing/fake_port.h"
#include "gtest/gtest.h"
#include "lib/testing/deadlock_clock.h"

namespace creche::inline testing {
namespace {

// Where the network looks for listening sockets.
constexpr int kDescriptors = 256;

// One end of a connection. `fd` is the program's, `sensor` ours.
struct End {
  int fd = -1;
  int sensor = -1;
  std::weak_ptr<End> peer;
  std::string arrived;
  std::size_t under_way = 0;  // Towards here.
  absl::Time last_arrival = absl::InfinitePast();
  bool ended = false;  // The peer sends no more, and all has arrived.
  bool is_reset = false;
  bool is_silent = false;
  bool has_shut_down = false;  // The program sends no more.
  bool is_closed = false;      // By the program.
  Operation* receive = nullptr;
  Operation* send = nullptr;
  io_uring_sqe receive_entry = {};
  io_uring_sqe send_entry = {};
  std::size_t sent = 0;
};
using EndPtr = std::shared_ptr<End>;

struct Listener {
  std::deque<EndPtr> backlog;
  Operation* accept = nullptr;
  io_uring_sqe entry = {};
};

void* Pointer(std::uint64_t value) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(value));
}

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

class SimulatedNetwork::Network final : public OperationPort {
 public:
  explicit Network(const SimulatedNetworkOptions& options)
      : options_(options), random_(options.seed), clock_(*this) {}

  Clock& clock() { return clock_; }

  absl::Status Open() override {
    BecomeCurrent();
    return absl::OkStatus();
  }
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return pending_; }
  void Notify() override { idle_.Notify(); }
  void Start(Operation& operation, const io_uring_sqe& entry) override;
  void Cancel(Operation& operation) override;

  void BreakAll();
  void SilenceAll();

 private:
  // Jumps to whatever comes first, a deadline of the run or something on the
  // network.
  class NetworkClock final : public internal::DeadlockClock {
   public:
    explicit NetworkClock(Network& network) : network_(network) {}
    absl::Duration WaitFor(absl::Time deadline, bool /*expects_io*/) override {
      if (!network_.due_.empty()) return absl::ZeroDuration();
      const bool had_deadlock = this->had_deadlock();
      const absl::Duration wait = DeadlockClock::WaitFor(
          std::min(deadline, network_.NextEvent()), /*expects_io=*/false);
      if (this->had_deadlock() && !had_deadlock) {
        ADD_FAILURE() << description();
      }
      return wait;
    }
    bool Idle(absl::Time deadline) override {
      return network_.due_.empty() &&
             DeadlockClock::Idle(std::min(deadline, network_.NextEvent()));
    }

   private:
    Network& network_;
  };

  absl::Time NextEvent() const {
    return events_.empty() ? absl::InfiniteFuture() : events_.begin()->first;
  }
  absl::Duration Latency();
  bool Happens(double probability) {
    return probability > 0 &&
           std::uniform_real_distribution<>(0, 1)(random_) < probability;
  }
  void At(absl::Time time, std::function<void()> event) {
    events_.emplace(time, std::move(event));
  }
  void Complete(Operation*& operation, int result) {
    if (operation != nullptr) due_.emplace_back(operation, result);
    operation = nullptr;
  }

  void StartConnect(Operation& operation, const io_uring_sqe& entry);
  int Connect(int fd, const sockaddr_storage& address);
  EndPtr MakeEnd();
  void TryAccept(Listener& listener);
  void TryReceive(End& end);
  void TrySend(const EndPtr& end);
  void Arrive(const EndPtr& end, const std::string& piece);
  void EndArrives(const EndPtr& end);
  void Reset(End& end);
  void ResetPeerLater(End& end);
  void LookAtSensors();
  void Look(const EndPtr& end, short events);
  EndPtr FindEnd(int fd);

  const SimulatedNetworkOptions options_;
  std::mt19937_64 random_;
  NetworkClock clock_;
  FakePort idle_;
  std::multimap<absl::Time, std::function<void()>> events_;
  std::vector<std::pair<Operation*, int>> due_;
  std::map<Operation*, int> connecting_;
  std::vector<EndPtr> ends_;
  std::map<int, Listener> listeners_;
  size_t pending_ = 0;
  std::uint16_t next_port_ = 49152;
};

absl::Duration SimulatedNetwork::Network::Latency() {
  const std::int64_t min = absl::ToInt64Nanoseconds(options_.min_latency);
  const std::int64_t max = absl::ToInt64Nanoseconds(options_.max_latency);
  return absl::Nanoseconds(std::uniform_int_distribution<std::int64_t>(
      min, std::max(min, max))(random_));
}

void SimulatedNetwork::Network::Close() {
  ResignCurrent();
  for (auto& [fd, listener] : listeners_) {
    for (const EndPtr& end : listener.backlog) close(end->fd);
  }
  for (const EndPtr& end : ends_) {
    if (!end->is_closed) close(end->sensor);
  }
  listeners_.clear();
  ends_.clear();
  events_.clear();
}

void SimulatedNetwork::Network::Poll() {
  LookAtSensors();
  while (!events_.empty() && events_.begin()->first <= clock_.Now()) {
    const std::function<void()> event = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    event();
  }
  for (const auto& [operation, result] : std::exchange(due_, {})) {
    --pending_;
    operation->Completed(result, 0);
  }
}

void SimulatedNetwork::Network::Wait(absl::Duration at_most) {
  if (at_most == absl::InfiniteDuration() && pending_ > 0) {
    creche::internal::Misuse("a simulated network waits for what cannot come");
  }
  idle_.Wait(at_most);
  Poll();
}

void SimulatedNetwork::Network::Start(Operation& operation,
                                      const io_uring_sqe& entry) {
  ++pending_;
  LookAtSensors();
  Operation* const started = &operation;
  switch (entry.opcode) {
    case IORING_OP_NOP:
      return due_.emplace_back(started, 0), void();
    case IORING_OP_CONNECT:
      return StartConnect(operation, entry);
    case IORING_OP_ACCEPT: {
      Listener& listener = listeners_[entry.fd];
      listener.accept = started;
      listener.entry = entry;
      return TryAccept(listener);
    }
    case IORING_OP_SHUTDOWN: {
      const int result = shutdown(entry.fd, static_cast<int>(entry.len));
      return due_.emplace_back(started, result == 0 ? 0 : -errno), void();
    }
    case IORING_OP_CLOSE: {
      const int result = close(entry.fd);
      return due_.emplace_back(started, result == 0 ? 0 : -errno), void();
    }
    case IORING_OP_RECV:
    case IORING_OP_SEND:
      break;
    default:
      return due_.emplace_back(started, -EOPNOTSUPP), void();
  }
  const EndPtr end = FindEnd(entry.fd);
  if (end == nullptr) {
    due_.emplace_back(started, -ENOTCONN);
  } else if (entry.opcode == IORING_OP_RECV) {
    end->receive = started;
    end->receive_entry = entry;
    TryReceive(*end);
  } else {
    end->send = started;
    end->send_entry = entry;
    end->sent = 0;
    TrySend(end);
  }
}

// What has completed stays so.
void SimulatedNetwork::Network::Cancel(Operation& operation) {
  if (connecting_.erase(&operation) > 0) {
    due_.emplace_back(&operation, -ECANCELED);
  }
  for (auto& [fd, listener] : listeners_) {
    if (listener.accept == &operation) Complete(listener.accept, -ECANCELED);
  }
  for (const EndPtr& end : ends_) {
    if (end->receive == &operation) Complete(end->receive, -ECANCELED);
    if (end->send == &operation) {
      Complete(end->send,
               end->sent > 0 ? static_cast<int>(end->sent) : -ECANCELED);
    }
  }
}

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

EndPtr SimulatedNetwork::Network::MakeEnd() {
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

void SimulatedNetwork::Network::TryReceive(End& end) {
  if (end.receive == nullptr) return;
  const std::size_t size =
      std::min<std::size_t>(end.arrived.size(), end.receive_entry.len);
  if (size > 0) {
    std::memcpy(Pointer(end.receive_entry.addr), end.arrived.data(), size);
    end.arrived.erase(0, size);
    Complete(end.receive, static_cast<int>(size));
    if (EndPtr peer = end.peer.lock()) TrySend(peer);
  } else if (end.is_reset) {
    Complete(end.receive, -ECONNRESET);
  } else if (end.ended) {
    Complete(end.receive, 0);
  }
}

void SimulatedNetwork::Network::TrySend(const EndPtr& end) {
  if (end->send == nullptr) return;
  const EndPtr peer = end->peer.lock();
  if (end->is_reset || end->has_shut_down || peer == nullptr) {
    return Complete(end->send, -EPIPE);
  }
  const char* const data =
      static_cast<const char*>(Pointer(end->send_entry.addr));
  while (end->sent < end->send_entry.len) {
    const std::size_t used = peer->under_way + peer->arrived.size();
    if (used >= options_.window) break;
    const std::size_t at_most =
        std::min({options_.window - used, options_.max_piece,
                  std::size_t{end->send_entry.len} - end->sent});
    const std::size_t size =
        std::uniform_int_distribution<std::size_t>(1, at_most)(random_);
    std::string piece(data + end->sent, size);
    end->sent += size;
    peer->under_way += size;
    peer->last_arrival = std::max(peer->last_arrival, clock_.Now() + Latency());
    At(peer->last_arrival,
       [this, peer, piece = std::move(piece)] { Arrive(peer, piece); });
  }
  const bool waits_for_all =
      (end->send_entry.msg_flags & MSG_WAITALL) != 0 || end->sent == 0;
  if (end->sent == end->send_entry.len || !waits_for_all) {
    Complete(end->send, static_cast<int>(end->sent));
  }
}

void SimulatedNetwork::Network::Arrive(const EndPtr& end,
                                       const std::string& piece) {
  end->under_way -= piece.size();
  if (Happens(options_.silence_probability)) end->is_silent = true;
  if (end->is_silent || end->is_reset) return;
  if (end->is_closed) return ResetPeerLater(*end);
  if (Happens(options_.break_probability)) {
    Reset(*end);
    return ResetPeerLater(*end);
  }
  end->arrived += piece;
  TryReceive(*end);
}

void SimulatedNetwork::Network::EndArrives(const EndPtr& end) {
  if (end->is_silent) return;
  end->ended = true;
  TryReceive(*end);
}

void SimulatedNetwork::Network::Reset(End& end) {
  end.is_reset = true;
  end.arrived.clear();
  Complete(end.receive, -ECONNRESET);
  Complete(end.send, -ECONNRESET);
}

void SimulatedNetwork::Network::ResetPeerLater(End& end) {
  EndPtr peer = end.peer.lock();
  if (peer == nullptr) return;
  At(clock_.Now() + Latency(), [this, peer] {
    if (!peer->is_silent) Reset(*peer);
  });
}

void SimulatedNetwork::Network::LookAtSensors() {
  if (ends_.empty()) return;
  std::vector<pollfd> sensors;
  sensors.reserve(ends_.size());
  for (const EndPtr& end : ends_) {
    sensors.push_back({end->sensor, POLLIN | POLLRDHUP, 0});
  }
  if (poll(sensors.data(), sensors.size(), 0) <= 0) return;
  const std::vector<EndPtr> ends = ends_;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (sensors[i].revents != 0) Look(ends[i], sensors[i].revents);
  }
  // An end stays as long as its peer may still send to it.
  std::erase_if(ends_, [](const EndPtr& end) {
    const EndPtr peer = end->peer.lock();
    return end->is_closed && (peer == nullptr || peer->is_closed);
  });
}

// The program has shut down or closed its end. Who closes without having read
// everything resets the connection.
void SimulatedNetwork::Network::Look(const EndPtr& end, short events) {
  const EndPtr peer = end->peer.lock();
  if (!end->has_shut_down) {
    end->has_shut_down = true;
    if (peer != nullptr) {
      peer->last_arrival =
          std::max(peer->last_arrival, clock_.Now() + Latency());
      At(peer->last_arrival, [this, peer] { EndArrives(peer); });
    }
  }
  if ((events & POLLHUP) == 0) return;
  end->is_closed = true;
  close(std::exchange(end->sensor, -1));
  end->fd = -1;
  if (!end->arrived.empty()) ResetPeerLater(*end);
}

EndPtr SimulatedNetwork::Network::FindEnd(int fd) {
  for (const EndPtr& end : ends_) {
    if (end->fd == fd) return end;
  }
  return nullptr;
}

void SimulatedNetwork::Network::BreakAll() {
  for (const EndPtr& end : ends_) Reset(*end);
}

void SimulatedNetwork::Network::SilenceAll() {
  for (const EndPtr& end : ends_) end->is_silent = true;
}

SimulatedNetwork::SimulatedNetwork(SimulatedNetworkOptions options)
    : network_(std::make_unique<Network>(options)) {}

SimulatedNetwork::~SimulatedNetwork() = default;

OperationPort& SimulatedNetwork::port() { return *network_; }
Clock& SimulatedNetwork::clock() { return network_->clock(); }
void SimulatedNetwork::BreakAll() { network_->BreakAll(); }
void SimulatedNetwork::SilenceAll() { network_->SilenceAll(); }

}  // namespace creche::inline testing
