// SPDX-License-Identifier: Apache-2.0
//
// What the fuzzer begins with (session_fuzzer.cc), and what becomes of that
// when bytes are changed at random.

#include "tests/tls/fuzz/session.h"

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

std::vector<std::string> Seeds() {
  const std::string whole(kFuzzHead, '\0');
  std::string old = whole;
  old[0] = 1;
  std::string pieces = whole;
  pieces[1] = 50;
  pieces[8] = 7;
  std::string slow = pieces;
  slow[3] = slow[10] = 3;
  std::string cut = whole;
  cut[4] = 5;
  std::string flipped = whole;
  flipped[13] = 1;
  flipped[14] = 40;
  std::string no_client = whole;
  no_client[0] = 2;
  // The beginning of a ClientHello, a warning, and plain HTTP.
  return {whole,
          old,
          pieces,
          slow,
          cut,
          flipped,
          no_client +
              std::string("\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03", 11),
          whole + std::string("\x15\x03\x03\x00\x02\x01\x5a", 7),
          no_client + "GET / HTTP/1.1\r\n\r\n"};
}

TEST(SessionTest, NothingIsWrongWithTheSeeds) {
  for (const std::string& seed : Seeds()) {
    EXPECT_EQ(ProblemWithSession(seed), "") << absl::CHexEscape(seed);
  }
}

TEST(SessionTest, NothingIsWrongWithWhatIsChanged) {
  // For longer runs: CRECHE_FUZZ_CHANGES.
  const char* const wanted = std::getenv("CRECHE_FUZZ_CHANGES");
  const int changes = wanted != nullptr ? std::atoi(wanted) : 20;
  std::minstd_rand random(1);
  for (const std::string& seed : Seeds()) {
    for (int i = 0; i < changes; ++i) {
      std::string changed = seed;
      for (int bytes = 1 + static_cast<int>(random() % 4); bytes > 0; --bytes) {
        changed[random() % changed.size()] = static_cast<char>(random());
      }
      ASSERT_EQ(ProblemWithSession(changed), "") << absl::CHexEscape(changed);
    }
  }
}

}  // namespace
}  // namespace creche
