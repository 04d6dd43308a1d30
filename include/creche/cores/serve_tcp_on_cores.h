// SPDX-License-Identifier: Apache-2.0
//
// ServeTcpOnCores: one TCP server on all cores.
//
//   creche::Task<absl::Status> Serve(creche::Core& core) {
//     co_return co_await creche::ServeTcpOnCores(core, "", 7777, Greet);
//   }

#ifndef CRECHE_CORES_SERVE_TCP_ON_CORES_H_
#define CRECHE_CORES_SERVE_TCP_ON_CORES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/cores/core.h"
#include "creche/net/serve_tcp.h"

namespace creche {

// Which core serves a connection.
enum class Balance {
  // The kernel decides, by a hash of the addresses (SO_REUSEPORT): the cheapest
  // way, and even where there are many short connections.
  kReusePort,
  // The core that serves the fewest just then: core 0 accepts all, and hands
  // them over. For few or long ones. With ServeOptions::set_max_connections(),
  // those above the limit wait for their core, and have a descriptor. A core
  // whose part ends, or is in its grace, gets no more; those that still wait
  // for it are closed.
  kHandOver,
};

// As ServeTcp() (net/serve_tcp.h), with a part on each core: called in the main
// of every core, with the same port, which must not be 0, and the same balance.
// The options are those of each part. How many connections a core serves says
// Core::connections().
//
// Cancellation: as of ServeTcp().
// Errors: as of ListenTcp() and ServeTcp(). kInvalidArgument: port 0.
template <typename Handler>
Task<absl::Status> ServeTcpOnCores(Core& core, std::string host,
                                   std::uint16_t port, Handler handler,
                                   ServeOptions options = ServeOptions(),
                                   Balance balance = Balance::kReusePort);

}  // namespace creche

#include "creche/cores/internal/serve_tcp_on_cores_inl.h"

#endif  // CRECHE_CORES_SERVE_TCP_ON_CORES_H_
