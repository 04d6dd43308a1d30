// SPDX-License-Identifier: Apache-2.0
//
// SimulatedNetwork: TCP in memory, with latency and accidents, in virtual time.
//
//   creche::SimulatedNetwork network({.seed = 1, .break_probability = 0.01});
//   absl::Status status = creche::Run(
//       {.clock = &network.clock(), .port = &network.port()}, ClientAndServer);
//
// The code that runs is the code of production: ListenTcp(), ConnectTcp(),
// TcpStream, with its deadlines. The same seed gives the same run, and so does
// the next run on the same network.

#ifndef CRECHE_TESTING_SIMULATED_NETWORK_H_
#define CRECHE_TESTING_SIMULATED_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "creche/core/clock.h"
#include "creche/net/socket_address.h"
#include "creche/uring/operation_port.h"

namespace creche {

// What the network is like.
struct SimulatedNetworkOptions {
  // Of all that is left to chance.
  std::uint64_t seed = 1;
  // How long a piece of data, or a connection, is under way.
  absl::Duration min_latency = absl::Milliseconds(1);
  absl::Duration max_latency = absl::Milliseconds(20);
  // What is sent arrives in pieces of random size, of so many bytes at most.
  std::size_t max_piece = 1500;
  // What can be sent before the other side receives.
  std::size_t window = 65536;
  // The probability that a connection is refused; that one is reset as a piece
  // of data arrives; and that one falls silent then: nothing more arrives in
  // that direction, and nobody is told.
  double refuse_probability = 0;
  double break_probability = 0;
  double silence_probability = 0;
};

// How a host, or one of its ports, answers.
struct SimulatedHost {
  // To those who connect.
  enum Answer {
    kListens,    // As the program that listens there does.
    kRefuses,    // Connections are refused, as if nobody listened.
    kBlackHole,  // Nobody answers. A connect fails with ETIMEDOUT after 127
                 // seconds, as on Linux.
    kResets,     // Connections are made, and reset a moment later.
  };
  // As the program that listens, unless set.
  Answer answer = kListens;
  // On top of the latency, in each direction.
  absl::Duration delay = absl::ZeroDuration();
};

// Connects the sockets of one run with each other. They listen on any address
// and port, of which this machine need not have any: 10.0.0.1:80 is fine, and a
// program can have several hosts. Nothing outside of the run is bound.
// Knows connect, accept, send, recv, shutdown and close, with a descriptor;
// other kernel operations fail with EOPNOTSUPP.
//
// One run at a time, on one thread.
class SimulatedNetwork {
 public:
  // Nobody is connected yet.
  explicit SimulatedNetwork(SimulatedNetworkOptions options = {});
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;
  ~SimulatedNetwork();

  // For RunOptions. A deadlock is a failure of the test.
  OperationPort& port();
  Clock& clock();

  // How connections to `address`, if its port is 0 to all of its host's ports,
  // are answered from now on.
  void SetHost(const SocketAddress& address, const SimulatedHost& host);

  // All connections there are are reset.
  void BreakAll();
  // Nothing arrives any more, on connections there are.
  void SilenceAll();

 private:
  class Network;

  std::unique_ptr<Network> network_;
};

}  // namespace creche

#endif  // CRECHE_TESTING_SIMULATED_NETWORK_H_
