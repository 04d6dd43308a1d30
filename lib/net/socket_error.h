// SPDX-License-Identifier: Apache-2.0
//
// SocketError: what went wrong while a socket was being made.

#ifndef CRECHE_LIB_NET_SOCKET_ERROR_H_
#define CRECHE_LIB_NET_SOCKET_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// `error` is an errno; `what` says which operation on which address failed.
absl::Status SocketError(int error, absl::string_view what);

}  // namespace creche::internal

#endif  // CRECHE_LIB_NET_SOCKET_ERROR_H_
