// SPDX-License-Identifier: Apache-2.0
//
// Redis's protocol (RESP 2): commands as text, and replies read from a
// connection. Whatever is no reply is an error, and everything has a limit: a
// string, how deep arrays are, and a whole reply.

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

// How much memory the parts of one reply may use together. A part is paid for
// before it is read, so that nothing is kept for a reply that is too large.
class RedisBudget {
 public:
  static constexpr std::int64_t kMaxReply = std::int64_t{64} << 20;

  absl::Status SpendOnText(std::int64_t size) { return Spend(size, 1); }
  absl::Status SpendOnElements(std::int64_t count) {
    return Spend(count, sizeof(RedisReply));
  }

 private:
  absl::Status Spend(std::int64_t count, std::int64_t size) {
    if (count > left_ / size) {
      return absl::ResourceExhaustedError("redis: a reply that is too large");
    }
    left_ -= count * size;
    return absl::OkStatus();
  }

  std::int64_t left_ = kMaxReply;
};

// A string of `size` bytes, and its end.
template <typename Stream>
creche::Task<absl::StatusOr<std::string>> ReadRedisString(
    creche::BufferedReader<Stream>& reader, size_t size) {
  std::string text = co_await creche::Try(reader.ReadExactly(size + 2));
  if (text.substr(size) != "\r\n") {
    co_return NotRedis("a string longer than its length");
  }
  text.resize(size);
  co_return text;
}

// A part of a reply, `depth` arrays deep.
template <typename Stream>
creche::Task<absl::StatusOr<RedisReply>> ReadRedisPart(
    creche::BufferedReader<Stream>& reader, RedisBudget& budget, int depth) {
  constexpr size_t kMaxLine = 65536;
  constexpr int kMaxDepth = 8;

  RedisReply reply;
  std::string line = co_await creche::Try(reader.ReadUntil("\r\n", kMaxLine));
  if (line.empty()) co_return NotRedis("an empty line");
  const char type = line[0];
  line.erase(0, 1);
  if (type == '+' || type == '-') {
    co_await creche::Try(
        budget.SpendOnText(static_cast<std::int64_t>(line.size())));
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
    co_await creche::Try(budget.SpendOnText(number));
    reply.kind = RedisReply::kString;
    reply.text = co_await creche::Try(
        ReadRedisString(reader, static_cast<size_t>(number)));
    co_return reply;
  }
  if (depth == kMaxDepth) co_return NotRedis("an array that is too deep");
  co_await creche::Try(budget.SpendOnElements(number));
  reply.kind = RedisReply::kArray;
  for (std::int64_t i = 0; i < number; ++i) {
    RedisReply element =
        co_await creche::Try(ReadRedisPart(reader, budget, depth + 1));
    reply.elements.push_back(std::move(element));
  }
  co_return reply;
}

// Reads one reply.
// Cancellation: part of it may have been read: the connection is of no use.
// Errors: kDataLoss: it is no reply. kResourceExhausted: it is too large.
template <typename Stream>
creche::Task<absl::StatusOr<RedisReply>> ReadRedisReply(
    creche::BufferedReader<Stream>& reader) {
  RedisBudget budget;
  co_return co_await ReadRedisPart(reader, budget, 0);
}

}  // namespace examples

#endif  // EXAMPLES_REDIS_REPLY_H_
