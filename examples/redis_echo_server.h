// SPDX-License-Identifier: Apache-2.0
//
// ServeRedisEcho: as much of a Redis server as tests of clients need.

#ifndef EXAMPLES_REDIS_ECHO_SERVER_H_
#define EXAMPLES_REDIS_ECHO_SERVER_H_

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/creche.h"
#include "examples/redis_reply.h"

namespace examples {

// Answers ECHO, and nothing else, and ends the connection after so many
// commands.
inline creche::Task<> ServeRedisEcho(
    creche::TcpStream stream, int commands = std::numeric_limits<int>::max()) {
  creche::BufferedReader reader(stream);
  for (int i = 0; i < commands; ++i) {
    // A command has the form of a reply.
    absl::StatusOr<RedisReply> command = co_await ReadRedisReply(reader);
    if (!command.ok() || command->elements.size() != 2) co_return;
    const std::string& text = command->elements[1].text;
    const std::string reply =
        absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
    const absl::Status sent = co_await stream.SendAll(reply);
    if (!sent.ok()) co_return;
  }
}

}  // namespace examples

#endif  // EXAMPLES_REDIS_ECHO_SERVER_H_
