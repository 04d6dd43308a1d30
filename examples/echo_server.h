// SPDX-License-Identifier: Apache-2.0
//
// ServeEcho: a TCP server that sends back what it receives.

#ifndef EXAMPLES_ECHO_SERVER_H_
#define EXAMPLES_ECHO_SERVER_H_

#include <cstddef>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/wait_limit.h"

namespace examples {

// Sends back what comes next. Gives how much that was: 0 at the end.
inline creche::Task<absl::StatusOr<std::size_t>> EchoOnce(
    creche::TcpStream& stream) {
  char buffer[16384];
  const std::size_t size = co_await creche::Try(stream.ReceiveSome(buffer));
  co_await creche::Try(stream.SendAll({buffer, size}));
  co_return size;
}

// Until it is cancelled. A task per connection; a client that says nothing for
// a minute, or does not read what it is sent, is let go.
inline creche::Task<absl::Status> ServeEcho(
    creche::TcpListener listener, std::size_t max_connections = 1000) {
  WaitLimit waits(max_connections, absl::Minutes(1));
  // What goes wrong with one connection is not the others' business.
  auto serve_one = [&](creche::TcpStream stream) -> creche::Task<> {
    for (;;) {
      const absl::StatusOr<std::size_t> size =
          co_await waits.For(EchoOnce(stream));
      if (!size.ok()) std::cerr << size.status() << "\n";
      if (size.value_or(0) == 0) co_return;
    }
  };
  // One more than is waited for: the one who takes another's place.
  co_return co_await creche::ServeTcp(
      std::move(listener), serve_one,
      creche::ServeOptions().set_max_connections(max_connections + 1));
}

}  // namespace examples

#endif  // EXAMPLES_ECHO_SERVER_H_
