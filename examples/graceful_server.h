// SPDX-License-Identifier: Apache-2.0
//
// ServeGracefully: each line is a request, whose answer takes a second. When it
// is cancelled it accepts no more and closes idle connections at once; a
// request that is being answered is finished, if that does not take too long.

#ifndef EXAMPLES_GRACEFUL_SERVER_H_
#define EXAMPLES_GRACEFUL_SERVER_H_

#include <cstddef>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "examples/wait_limit.h"

namespace examples {

inline creche::Task<absl::Status> AnswerLine(creche::TcpStream& stream,
                                             std::string request) {
  std::cout << "working on: " << request << std::endl;
  co_await creche::SleepFor(absl::Seconds(1));
  const std::string answer = absl::StrCat("done: ", request, "\n");
  co_await creche::Try(stream.SendAll(answer));
  std::cout << "answered: " << request << std::endl;
  co_return absl::OkStatus();
}

// The whole of a graceful shutdown: what waits for a request can be cancelled,
// what answers one is shielded. Whatever is shielded needs a limit of its own,
// or it could hold up the shutdown for ever. (ServeOptions::set_grace() is for
// servers that cannot tell the two apart: it gives all handlers more time.)
inline creche::Task<absl::Status> AnswerLines(creche::TcpStream& stream,
                                              WaitLimit& waits) {
  constexpr absl::Duration kRequestTimeout = absl::Seconds(5);
  creche::BufferedReader reader(stream);
  for (;;) {
    absl::StatusOr<std::string> request =
        co_await waits.For(reader.ReadLine(1000));
    if (creche::IsEndOfStream(request.status())) co_return absl::OkStatus();
    co_await creche::Try(request.status());
    co_await creche::Try(creche::Shield(creche::FailAfter(
        kRequestTimeout, AnswerLine(stream, *std::move(request)))));
  }
}

// Until it is cancelled.
inline creche::Task<absl::Status> ServeGracefully(
    creche::TcpListener listener, std::size_t max_connections = 1000) {
  WaitLimit waits(max_connections, absl::Minutes(1));
  auto serve_one = [&](creche::TcpStream stream) -> creche::Task<> {
    const absl::Status status = co_await AnswerLines(stream, waits);
    if (!status.ok()) std::cerr << status << std::endl;
  };
  // One more than is waited for: the one who takes another's place.
  co_return co_await creche::ServeTcp(
      std::move(listener), serve_one,
      creche::ServeOptions().set_max_connections(max_connections + 1));
}

}  // namespace examples

#endif  // EXAMPLES_GRACEFUL_SERVER_H_
