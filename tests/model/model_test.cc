// SPDX-License-Identifier: Apache-2.0
//
// Random scripts do on the library, step by step and second by second, what
// they do by the reference.

#include <cstdint>
#include <cstdlib>

#include "gtest/gtest.h"
#include "tests/model/library_run.h"
#include "tests/model/reference.h"
#include "tests/model/script.h"

namespace creche::model {
namespace {

constexpr std::uint64_t kSuites = 20;
constexpr std::uint64_t kScriptsPerSuite = 5'000;

// Which script differs, and how.
::testing::AssertionResult Agree(std::uint64_t seed) {
  ByteSource bytes(seed);
  const Script script = MakeScript(bytes);
  const Trace expected = RunReference(script);
  const Trace actual = RunLibrary(script);
  if (expected == actual) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "seed " << seed << "\n"
         << script << Difference(expected, actual);
}

// A test case each, so that shards can share them.
class ModelTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ModelTest, LibraryDoesWhatTheReferenceDoes) {
  for (std::uint64_t i = 0; i < kScriptsPerSuite; ++i) {
    ASSERT_TRUE(Agree(GetParam() * kScriptsPerSuite + i));
  }
}

TEST_P(ModelTest, AnyScheduleEnds) {
  for (std::uint64_t i = 0; i < kScriptsPerSuite / 10; ++i) {
    const std::uint64_t seed = GetParam() * kScriptsPerSuite + i;
    ByteSource bytes(seed);
    const Script script = MakeScript(bytes);
    const Trace trace = RunLibrary(script, seed);
    ASSERT_EQ(trace, RunLibrary(script, seed)) << "not deterministic: " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest,
                         ::testing::Range(std::uint64_t{0}, kSuites));

}  // namespace
}  // namespace creche::model
