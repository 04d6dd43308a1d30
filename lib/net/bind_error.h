// SPDX-License-Identifier: Apache-2.0
//
// BindError: why an address is not to be had.

#ifndef CRECHE_LIB_NET_BIND_ERROR_H_
#define CRECHE_LIB_NET_BIND_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/net/socket_address.h"

namespace creche::internal {

// `error` is the errno of a call that makes a socket, binds it to `address`, or
// listens there; `what` says what for.
absl::Status BindError(int error, const SocketAddress& address,
                       absl::string_view what);

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_BIND_ERROR_H_
