// SPDX-License-Identifier: Apache-2.0
//
// Redis's protocol (RESP 2): commands as text, and replies read from a
// connection. Whatever is no reply is an error, and everything has a limit.

#ifndef EXAMPLES_REDIS_REPLY_H_
#define EXAMPLES_REDIS_REPLY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"

namespace examples {

struct RedisReply {
  enum Kind { kNil, kString, kInteger, kError, kArray };

  RedisReply() {}  // NOLINT: no aggregate: see the FAQ about g++ 12.

  Kind kind = kNil;
  std::string text;  // Of a string or an error.
  std::int64_t integer = 0;
  std::vector<RedisReply> elements;
};

// RedisCommand("SET", key, value): words may have any bytes in them.
template <typename... Words>
std::string RedisCommand(const Words&... words) {
  std::string command = absl::StrCat("*", sizeof...(words), "\r\n");
  auto add = [&](absl::string_view word) {
    absl::StrAppend(&command, "$", word.size(), "\r\n", word, "\r\n");
  };
  (add(absl::StrCat(words)), ...);
  return command;
}

inline absl::Status NotRedis(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("not Redis's protocol: ", what));
}

// A length or an integer: digits, with an optional minus, and nothing else.
inline absl::StatusOr<std::int64_t> ParseRedisInteger(absl::string_view text) {
  std::int64_t value = 0;
  const absl::string_view digits =
      text.substr(!text.empty() && text[0] == '-' ? 1 : 0);
  if (digits.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(text, &value)) {
    return NotRedis("a wrong number");
  }
  return value;
}

// Reads one reply.
// Cancellation: part of it may have been read: the connection is of no use.
// Errors: kDataLoss: it is no reply, or too large.
inline creche::Task<absl::StatusOr<RedisReply>> ReadRedisReply(
    creche::BufferedReader<creche::TcpStream>& reader, int depth = 0) {
  constexpr std::int64_t kMaxString = std::int64_t{64} << 20;
  constexpr std::int64_t kMaxElements = 1 << 20;
  constexpr int kMaxDepth = 8;

  RedisReply reply;
  std::string line = co_await creche::Try(reader.ReadUntil("\r\n"));
  if (line.empty()) co_return NotRedis("an empty line");
  const char type = line[0];
  line.erase(0, 1);
  if (type == '+' || type == '-') {
    reply.kind = type == '+' ? RedisReply::kString : RedisReply::kError;
    reply.text = std::move(line);
    co_return reply;
  }
  if (type != ':' && type != '$' && type != '*') {
    co_return NotRedis("an unknown type of reply");
  }
  const std::int64_t number = co_await creche::Try(ParseRedisInteger(line));
  if (type == ':') {
    reply.kind = RedisReply::kInteger;
    reply.integer = number;
    co_return reply;
  }
  if (number == -1) co_return reply;  // Nil.
  if (number < 0) co_return NotRedis("a negative length");
  if (type == '$') {
    if (number > kMaxString) co_return NotRedis("a string that is too long");
    reply.kind = RedisReply::kString;
    reply.text = co_await creche::Try(
        reader.ReadExactly(static_cast<size_t>(number) + 2));
    if (reply.text.substr(reply.text.size() - 2) != "\r\n") {
      co_return NotRedis("a string longer than its length");
    }
    reply.text.resize(static_cast<size_t>(number));
    co_return reply;
  }
  if (number > kMaxElements || depth == kMaxDepth) {
    co_return NotRedis("an array that is too large or too deep");
  }
  reply.kind = RedisReply::kArray;
  for (std::int64_t i = 0; i < number; ++i) {
    RedisReply element =
        co_await creche::Try(ReadRedisReply(reader, depth + 1));
    reply.elements.push_back(std::move(element));
  }
  co_return reply;
}

}  // namespace examples

#endif  // EXAMPLES_REDIS_REPLY_H_
