// SPDX-License-Identifier: Apache-2.0

#include "examples/fuzz/parsers.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/creche.h"
#include "creche/testing/fake_port.h"
#include "creche/testing/mock_clock.h"
#include "examples/chat_room.h"
#include "examples/fuzz/pieces.h"
#include "examples/http_request.h"
#include "examples/http_response.h"
#include "examples/http_url.h"
#include "examples/redis_reply.h"

namespace examples {
namespace {

using creche::Task;
using Reader = creche::BufferedReader<Pieces>;

// What a parser has made of its input. The two are apart, since the text may
// have in it whatever was sent.
struct Reading {
  std::string text;    // All that is compared.
  std::string broken;  // Which promises were broken; empty: none.
};

std::string Promise(bool holds, absl::string_view what) {
  return holds ? "" : absl::StrCat("broken: ", what, "\n");
}

std::string TextOf(const HttpRequest& request) {
  return absl::StrCat(request.target, " ", request.keep_alive, "\n");
}

// What a peer has sent cannot grow: neither by copies nor by empty parts.
std::string BrokenBy(const HttpRequest& request, std::size_t sent) {
  return absl::StrCat(
      Promise(absl::StartsWith(request.target, "/"), "a path without /"),
      Promise(IsGraphic(request.target), "a path with blanks"),
      Promise(request.target.size() < sent, "a path from nowhere"));
}

std::string TextOf(const HttpResponse& response) {
  return absl::StrCat(response.code, " ", response.keep_alive, " ",
                      response.body, "\n");
}

std::string BrokenBy(const HttpResponse& response, std::size_t sent) {
  return absl::StrCat(
      Promise(response.code >= 200 && response.code <= 999, "a wrong code"),
      Promise(response.body.size() < sent, "a body from nowhere"),
      Promise(response.body.size() <= kMaxBody, "a body that is too long"));
}

std::int64_t ElementsOf(const RedisReply& reply) {
  std::int64_t count = 1;
  for (const RedisReply& element : reply.elements) count += ElementsOf(element);
  return count;
}

std::string ContentsOf(const RedisReply& reply) {
  std::string text =
      absl::StrCat(reply.kind, " ", reply.integer, " ", reply.text, "[");
  for (const RedisReply& element : reply.elements) {
    absl::StrAppend(&text, ContentsOf(element));
  }
  return text + "]";
}

std::string TextOf(const RedisReply& reply) { return ContentsOf(reply) + "\n"; }

std::string BrokenBy(const RedisReply& reply, std::size_t sent) {
  const std::int64_t count = ElementsOf(reply);
  return absl::StrCat(
      // The shortest element is "+\r\n".
      Promise(3 * count <= static_cast<std::int64_t>(sent),
              "elements from nowhere"),
      Promise(count * static_cast<std::int64_t>(sizeof(RedisReply)) <=
                  RedisBudget::kMaxReply +
                      static_cast<std::int64_t>(sizeof(RedisReply)),
              "a reply that is too large"));
}

// Reads one message after the other, up to the error that ends it.
template <typename Read>
Task<Reading> ReadAll(Read read, absl::string_view input, std::uint32_t seed) {
  Pieces stream(input, seed);
  Reader reader(stream);
  Reading reading;
  for (;;) {
    const auto message = co_await read(reader);
    if (!message.ok()) {
      absl::StrAppend(&reading.text, message.status().ToString(), "\n");
      co_return reading;
    }
    absl::StrAppend(&reading.text, TextOf(*message));
    absl::StrAppend(&reading.broken, BrokenBy(*message, input.size()));
  }
}

Task<Reading> ReadAllOf(Parser parser, absl::string_view input,
                        std::uint32_t seed) {
  switch (parser) {
    case Parser::kRequest:
      co_return co_await ReadAll(ReadHttpRequest<Pieces>, input, seed);
    case Parser::kResponse:
      co_return co_await ReadAll(ReadHttpResponse<Pieces>, input, seed);
    default:
      co_return co_await ReadAll(ReadRedisReply<Pieces>, input, seed);
  }
}

Reading Parse(Parser parser, absl::string_view input, std::uint32_t seed) {
  creche::MockClock clock;
  creche::FakePort port;
  creche::RunOptions options;
  options.clock = &clock;
  options.port = &port;
  return *creche::Run(options, ReadAllOf, parser, input, seed);
}

// A URL of which the parts, put together, are the same URL. The second line of
// `input` is where it redirects.
std::string ProblemWithUrl(absl::string_view input) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  const absl::StatusOr<HttpUrl> url = HttpUrl::Parse(input.substr(0, end));
  if (!url.ok()) return "";
  const absl::StatusOr<HttpUrl> to =
      url->Resolve(input.substr(std::min(end + 1, input.size())));
  for (const absl::StatusOr<HttpUrl>& each : {url, to}) {
    if (!each.ok()) continue;
    const absl::StatusOr<HttpUrl> again = HttpUrl::Parse(each->ToString());
    if (!again.ok() || again->ToString() != each->ToString() ||
        again->host() != each->host() || again->port() != each->port()) {
      return absl::StrCat("not the same again: ", each->ToString());
    }
    const std::string request = each->authority() + each->target();
    if (!IsGraphic(request) || !absl::StartsWith(each->target(), "/")) {
      return absl::StrCat("would break a request: ", request);
    }
  }
  return "";
}

std::string ProblemWithChat(absl::string_view input) {
  const std::string printable = ChatRoom::Printable(std::string(input));
  if (HasControlCharacters(printable) || printable.size() != input.size()) {
    return "control characters for a terminal";
  }
  if (!ChatRoom::IsName(input)) return "";
  if (HasControlCharacters(input) || absl::StartsWith(input, "*") ||
      absl::StrContains(input, ':') || input.empty()) {
    return "a name that could mislead";
  }
  return "";
}

}  // namespace

std::string ProblemWith(Parser parser, absl::string_view input,
                        std::uint32_t seed) {
  if (parser == Parser::kUrl) return ProblemWithUrl(input);
  if (parser == Parser::kChat) return ProblemWithChat(input);
  const Reading whole = Parse(parser, input, Pieces::kWhole);
  if (!whole.broken.empty()) return absl::StrCat(whole.text, whole.broken);
  for (const std::uint32_t pieces : {Pieces::kBytes, seed}) {
    const Reading other = Parse(parser, input, pieces);
    if (other.text != whole.text) {
      return absl::StrCat("whole:\n", whole.text, "in pieces:\n", other.text);
    }
  }
  return "";
}

}  // namespace examples
