// SPDX-License-Identifier: Apache-2.0
//
// The parsers of the examples keep their promises: for messages that are right,
// for what others have got wrong, and for what becomes of those when bytes are
// changed, lost, and repeated at random.

#include "examples/fuzz/parsers.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace examples {
namespace {

constexpr int kChangesOfEach = 500;

struct Corpus {
  const char* name;
  Parser parser;
  std::vector<std::string> messages;
};

const std::vector<Corpus>& Corpora() {
  static const auto* const corpora = new std::vector<Corpus>{
      {"Request",
       Parser::kRequest,
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /a?b HTTP/1.0\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nConnection: te, close\r\nx:\r\n\r\n",
        "GET /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\nHost: x\n\n"}},
      {"Response",
       Parser::kResponse,
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 No\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nto the end",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "1\r\nh\r\n1;x=y\r\ni\r\n0\r\nTrailer: x\r\n\r\nHTTP/1.1 304 X\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"}},
      {"Url",
       Parser::kUrl,
       {"http://example.org:8080/a?b#c\n/d", "http://[::1]:81/\nhttp://x/",
        "http://a/b/c?d=/e\ny?z", "HTTP://x\n//y:1/\\", "http://[a]:1]/\n?"}},
      {"Redis",
       Parser::kRedis,
       {"+OK\r\n-ERR no\r\n:-12\r\n$4\r\na\r\nb\r\n$-1\r\n",
        "*2\r\n*0\r\n*2\r\n:1\r\n$0\r\n\r\n", "*-1\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "*9223372036854775807\r\n", "$67108865\r\n", "+a\nb\r\n",
        "+BROKEN: \r\n"}},
      {"Chat", Parser::kChat, {"ada", "*", "a: b", "\x1b[2J", "Zo\xc3\xab"}},
  };
  return *corpora;
}

// The same with a few bytes changed, lost, or repeated.
std::string Changed(std::string message, std::minstd_rand& random) {
  for (auto changes = 1 + random() % 3; changes > 0 && !message.empty();
       --changes) {
    const std::size_t at = random() % message.size();
    switch (random() % 4) {
      case 0:
        message[at] = static_cast<char>(random());
        break;
      case 1:
        message[at] = "\r\n :0*$"[random() % 7];
        break;
      case 2:
        message.erase(at, 1 + random() % 4);
        break;
      default:
        message.insert(at, message.substr(at, 1 + random() % 10));
    }
  }
  return message;
}

class ParsersTest : public ::testing::TestWithParam<Corpus> {};

TEST_P(ParsersTest, KeepTheirPromises) {
  std::minstd_rand random(1);
  for (const std::string& message : GetParam().messages) {
    EXPECT_EQ(ProblemWith(GetParam().parser, message, 2), "") << message;
    for (int i = 0; i < kChangesOfEach; ++i) {
      const std::string changed = Changed(message, random);
      const auto seed = static_cast<std::uint32_t>(random());
      ASSERT_EQ(ProblemWith(GetParam().parser, changed, seed), "") << changed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ParsersTest, ::testing::ValuesIn(Corpora()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace examples
