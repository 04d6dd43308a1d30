// SPDX-License-Identifier: Apache-2.0
//
// The port and the clock of a SimulatedNetwork.
//
// The sockets are real descriptors, so that the system calls that a program
// makes beside its operations (setsockopt, shutdown, close) work, and
// descriptors that leak are seen. A socket that listens or is connected is one
// end of a socketpair through which no data goes: the network holds the other
// end, and sees by it when the program shuts down or closes its own.

#ifndef CRECHE_LIB_TESTING_SIMULATED_NETWORK_PORT_H_
#define CRECHE_LIB_TESTING_SIMULATED_NETWORK_PORT_H_

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/net/socket_address.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/simulated_network.h"
#include "creche/uring/operation_port.h"
#include "creche/uring/socket_names.h"
#include "creche/uring/uring_features.h"
#include "lib/testing/deadlock_clock.h"

namespace creche {
class SimulatedNetwork::Network final : public OperationPort,
                                        private SocketNames {
 public:
  explicit Network(const SimulatedNetworkOptions& options)
      : options_(options), random_(options.seed), clock_(*this) {}

  Clock& clock() { return clock_; }

  absl::Status Open() override;
  void Close() override;
  void Poll() override;
  void Wait(absl::Duration at_most) override;
  size_t pending() const override { return pending_; }
  void Notify() override { idle_.Notify(); }
  void Start(Operation& operation, const io_uring_sqe& entry) override;
  void Cancel(Operation& operation) override;
  int TrySend(int fd, absl::string_view data) override;
  // A send goes on after a part, and says how much it has sent.
  UringFeatures features() override {
    UringFeatures features = UringFeatures::None();
    features.send_all = true;
    return features;
  }
  SocketNames& socket_names() override { return *this; }

  void SetHost(const SocketAddress& address, const SimulatedHost& host);

  void BreakAll();
  void SilenceAll();

 private:
  // Of those that the system picks.
  static constexpr std::uint16_t kFirstPort = 49152;

  // One end of a connection. `fd` is the program's, `sensor` ours.
  struct End {
    int fd = -1;
    int sensor = -1;
    SocketAddress name;
    std::weak_ptr<End> peer;
    absl::Duration delay;  // On top of the latency.
    std::string arrived;
    std::size_t under_way = 0;  // Towards here.
    absl::Time last_arrival = absl::InfinitePast();
    bool ended = false;  // The peer sends no more, and all has arrived.
    bool is_reset = false;
    bool is_silent = false;
    bool has_shut_down = false;  // The program sends no more.
    bool is_closed = false;      // By the program.
    bool resets_on_close = false;
    Operation* receive = nullptr;
    Operation* send = nullptr;
    io_uring_sqe receive_entry = {};
    io_uring_sqe send_entry = {};
    std::size_t sent = 0;
  };
  using EndPtr = std::shared_ptr<End>;

  // Of a socket that is bound.
  struct Name {
    // What is sent to `other` arrives here.
    bool Covers(const SocketAddress& other) const;

    SocketAddress address;
    bool is_v6_only = false;
  };

  struct Listener {
    Name name;
    int sensor = -1;
    std::deque<EndPtr> backlog;
    Operation* accept = nullptr;
    io_uring_sqe entry = {};
  };

  struct Attempt {
    int fd;
    std::uint64_t number;
  };

  // Jumps to whatever comes first, a deadline of the run or something on the
  // network.
  class NetworkClock final : public internal::DeadlockClock {
   public:
    explicit NetworkClock(Network& network) : network_(network) {}
    absl::Duration WaitFor(absl::Time deadline, bool expects_io) override;
    bool Idle(absl::Time deadline) override;

   private:
    Network& network_;
  };

  // An address in an entry.
  static void* Pointer(std::uint64_t value) {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(value));
  }

  absl::Time NextEvent() const {
    return events_.empty() ? absl::InfiniteFuture() : events_.begin()->first;
  }
  EndPtr FindEnd(int fd) const;
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

  // simulated_connect.cc
  void StartConnect(Operation& operation, const io_uring_sqe& entry);
  int Connect(int fd, const SocketAddress& wanted, const SimulatedHost& host);
  EndPtr AddEnd(int fd, int sensor, const SimulatedHost& host);
  SocketAddress TakeClientName(int fd, const SocketAddress& wanted);
  void TryAccept(Listener& listener);

  // simulated_listeners.cc
  int Bind(int fd, const sockaddr* address, socklen_t size) override;
  int Listen(int fd, int backlog) override;
  int GetSockName(int fd, sockaddr* address, socklen_t* size) override;
  int ResetOnClose(int fd) override;
  bool IsTaken(const Name& name);
  static std::pair<int, int> MakePair();
  static int ReplaceByPair(int fd);
  std::optional<SocketAddress> FindName(int fd) const;
  Listener* FindListener(const SocketAddress& wanted);
  SimulatedHost FindHost(const SocketAddress& wanted) const;
  void LookAtListeners();
  void CloseListener(Listener& listener);

  // simulated_transfer.cc
  void TryReceive(End& end);
  void GoOnSending(const EndPtr& end);
  std::size_t SendPieces(const EndPtr& peer, absl::string_view data);
  void Arrive(const EndPtr& end, const std::string& piece);
  void EndArrives(const EndPtr& end);
  void Reset(End& end);
  void ResetPeerLater(End& end);
  void LookAtSensors();
  void LookAtEnds();
  void Look(const EndPtr& end, short events);

  const SimulatedNetworkOptions options_;
  std::mt19937_64 random_;
  NetworkClock clock_;
  FakePort idle_;
  std::multimap<absl::Time, std::function<void()>> events_;
  std::vector<std::pair<Operation*, int>> due_;
  std::map<Operation*, Attempt> connecting_;
  std::uint64_t connects_ = 0;
  std::vector<EndPtr> ends_;
  std::map<int, Listener> listeners_;  // By the program's descriptors.
  std::map<int, Name> bound_;          // Those that do not listen yet.
  std::vector<std::pair<SocketAddress, SimulatedHost>> hosts_;
  size_t pending_ = 0;
  std::uint16_t next_port_ = kFirstPort;
};

}  // namespace creche

#endif  // CRECHE_LIB_TESTING_SIMULATED_NETWORK_PORT_H_
