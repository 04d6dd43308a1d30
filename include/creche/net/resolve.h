// SPDX-License-Identifier: Apache-2.0
//
// Resolve: from a name to addresses.
//
//   std::vector<creche::SocketAddress> addresses =
//       co_await creche::Try(creche::Resolve("example.org", "https"));

#ifndef CRECHE_NET_RESOLVE_H_
#define CRECHE_NET_RESOLVE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/net/socket_address.h"

namespace creche {

// Where ConnectTcp() and ListenTcp() have addresses from. One object may serve
// many tasks at a time, of one run.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // The addresses of `host`, the most promising first, with `port`. An empty
  // list says as much as kNotFound.
  // Cancellation: safe.
  virtual Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(
      std::string host, std::uint16_t port) = 0;
};

// What the system knows (getaddrinfo(3)): files, DNS, and whatever else
// nsswitch.conf names. An address in digits is taken as it is, at once.
//
// getaddrinfo() cannot be stopped, so it runs on a thread of its own, and a
// cancelled call leaves that thread to itself: it ends when getaddrinfo() does,
// and disturbs nobody. (c-ares could really stop, but knows DNS only, not the
// other sources that the administrator has configured.)
//
// `service` is a port number or a name ("https"); empty is port 0.
// Cancellation: safe.
// Errors: kNotFound: no such name, or no such service. kInvalidArgument: not a
//   name at all. kUnavailable: no answer just now. kResourceExhausted: no
//   thread.
Task<absl::StatusOr<std::vector<SocketAddress>>> Resolve(
    std::string host, std::string service = "");

// The Resolver that does this.
Resolver& SystemResolver();

}  // namespace creche

#endif  // CRECHE_NET_RESOLVE_H_
