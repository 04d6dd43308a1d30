// SPDX-License-Identifier: Apache-2.0
//
// PrepareToAdopt: a descriptor that comes from elsewhere is to become a socket
// of creche.

#ifndef CRECHE_LIB_NET_ADOPT_SOCKET_H_
#define CRECHE_LIB_NET_ADOPT_SOCKET_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/net/socket_address.h"

namespace creche::internal {

// What a descriptor has to be.
enum class SocketKind {
  kTcpStream,
  kTcpListener,
  kUnixStream,
  kUnixListener,
  kUdp,
};

// If `fd` is a socket of that kind, connected or listening, sets it up as if
// creche had made it: TCP_NODELAY, and blocking mode (in the other, io_uring
// gives up where it should wait). Gives the name that the socket is to have.
// `what` is the name of the function that was called. Errors: kInvalidArgument,
// with what `fd` is instead.
absl::StatusOr<SocketAddress> PrepareToAdopt(int fd, SocketKind kind,
                                             absl::string_view what);

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_ADOPT_SOCKET_H_
