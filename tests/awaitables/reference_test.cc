// SPDX-License-Identifier: Apache-2.0
//
// The table has a row for everything that the reference says can be awaited,
// and for nothing else.

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "tests/awaitables/awaitable.h"

namespace creche::awaitables {
namespace {

// What list_awaitables has found in the headers.
std::set<std::string> NamesInTheReference() {
  std::ifstream list("tests/awaitables/reference_awaitables.txt");
  std::set<std::string> names;
  for (std::string line; std::getline(list, line);) names.insert(line);
  return names;
}

TEST(ReferenceTest, SaysWhatEachCancellationDoes) {
  for (const std::string& name : NamesInTheReference()) {
    EXPECT_FALSE(absl::StrContains(name, "has no Cancellation: line")) << name;
  }
}

TEST(ReferenceTest, HasARowForEachAwaitable) {
  std::set<std::string> names = NamesInTheReference();
  EXPECT_GT(names.size(), 80u);
  for (const Awaitable& awaitable : AllAwaitables()) {
    EXPECT_EQ(names.erase(awaitable.name), 1u)
        << awaitable.name << " is not in the reference, or has two rows";
  }
  for (const std::string& name : names) {
    ADD_FAILURE() << name << " can be awaited, and has no row in "
                  << "tests/awaitables/";
  }
}

// The names behind the lines of discards.cc, which the compiler judges; or one
// with the reason why it does not.
TEST(ReferenceTest, HasADiscardForEachAwaitable) {
  std::ifstream discards("tests/awaitables/discards.cc");
  std::set<std::string> names;
  for (std::string line; std::getline(discards, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, "// ");
    names.insert(parts.back().substr(0, parts.back().find(": ")));
  }
  for (const Awaitable& awaitable : AllAwaitables()) {
    EXPECT_EQ(names.count(awaitable.name), 1u) << awaitable.name;
  }
}

TEST(ReferenceTest, GivesAReasonForEachUseThatIsMissing) {
  for (const Awaitable& awaitable : AllAwaitables()) {
    for (const UseOrReason& cell :
         {awaitable.at_once, awaitable.waits, awaitable.refused}) {
      EXPECT_TRUE(cell.use() != nullptr || *cell.reason() != '\0')
          << awaitable.name;
    }
  }
}

}  // namespace
}  // namespace creche::awaitables
