// SPDX-License-Identifier: Apache-2.0
//
// Echo: a handler of connections, and what its clients ask.

#ifndef CRECHE_TESTS_CORES_ECHO_H_
#define CRECHE_TESTS_CORES_ECHO_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/tcp_stream.h"

namespace creche {

// Sends back each byte, until the client's end.
inline Task<> Echo(TcpStream stream) {
  char byte = 0;
  while ((co_await stream.ReceiveExactly(absl::MakeSpan(&byte, 1))).ok()) {
    if (!(co_await stream.SendAll({&byte, 1})).ok()) co_return;
  }
}

// Sends a byte, and waits until it comes back.
inline Task<absl::Status> AskEcho(TcpStream& stream) {
  co_await Try(stream.SendAll("x"));
  char byte = 0;
  co_return co_await stream.ReceiveExactly(absl::MakeSpan(&byte, 1));
}

}  // namespace creche

#endif  // CRECHE_TESTS_CORES_ECHO_H_
