// SPDX-License-Identifier: Apache-2.0
//
// Every fenced C++ block in README.md and docs/ is named by the line before it,
//
//   <!-- examples/hello_nursery.cc -->
//   ```cpp
//
// and is, apart from its indentation, a run of lines of that file, which is
// compiled and tested.

#include <algorithm>
#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "tests/docs/lines.h"

namespace {

using docs::Contains;
using docs::Lines;
using docs::ReadLines;
using docs::Unindented;

// Checks the blocks of one document. Returns how many there are.
int CheckBlocks(const std::filesystem::path& document) {
  const Lines lines = ReadLines(document);
  int blocks = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] != "```cpp") continue;
    const std::string place = absl::StrCat(document.string(), ":", i + 1);
    const size_t end = static_cast<size_t>(
        std::find(lines.begin() + static_cast<std::ptrdiff_t>(i), lines.end(),
                  "```") -
        lines.begin());
    const Lines block(lines.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                      lines.begin() + static_cast<std::ptrdiff_t>(end));
    absl::string_view source;
    if (i > 0) source = lines[i - 1];
    if (!absl::ConsumePrefix(&source, "<!-- ") ||
        !absl::ConsumeSuffix(&source, " -->")) {
      ADD_FAILURE() << place << ": the line before names no source";
      continue;
    }
    EXPECT_TRUE(Contains(ReadLines(std::string(source)), Unindented(block)))
        << place << ": these lines are not in " << std::string(source);
    ++blocks;
    i = end;
  }
  return blocks;
}

TEST(DocsTest, EveryCodeBlockIsCompiled) {
  int blocks = CheckBlocks("README.md");
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator("docs")) {
    if (entry.path().extension() == ".md") blocks += CheckBlocks(entry.path());
  }
  EXPECT_GT(blocks, 0);
}

}  // namespace
