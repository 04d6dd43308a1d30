// SPDX-License-Identifier: Apache-2.0
//
// Bind: an address for a socket of this side.

#ifndef CRECHE_LIB_NET_BIND_H_
#define CRECHE_LIB_NET_BIND_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/net/socket_address.h"

namespace creche::internal {

// Gives the address that `fd` has then: for port 0, the system picks one.
// `what` says what for.
absl::StatusOr<SocketAddress> Bind(int fd, const SocketAddress& address,
                                   absl::string_view what);

// `error` is the errno of a call that binds to `address`, or listens there.
absl::Status BindError(int error, const SocketAddress& address,
                       absl::string_view what);

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_BIND_H_
