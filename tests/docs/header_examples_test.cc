// SPDX-License-Identifier: Apache-2.0
//
// The examples with which the public headers begin,
//
//   creche::Event event;
//   co_await event.Wait();
//
// are, apart from their indentation, lines of header_examples/, which is
// compiled: those of include/creche/sync/lock.h of header_examples/sync.cc.
// What docs/new_primitives.md explains is taken from its test. What begins with
// "$ " is a command, and with "> " an output.

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/docs/lines.h"

namespace {

using docs::Contains;
using docs::Lines;
using docs::ReadLines;
using docs::Unindented;

constexpr const char* kIndent = "//   ";

// The blocks of code in the comment with which a header begins, after its
// license.
std::vector<Lines> ExamplesIn(const Lines& header) {
  std::vector<Lines> examples;
  bool goes_on = false;
  for (size_t i = 2; i < header.size(); ++i) {
    const std::string& line = header[i];
    if (!absl::StartsWith(line, "//")) break;
    const bool is_code = absl::StartsWith(line, kIndent);
    if (is_code && !goes_on) examples.emplace_back();
    if (is_code) examples.back().push_back(line.substr(5));
    goes_on = is_code || (goes_on && line == "//" && i + 1 < header.size() &&
                          absl::StartsWith(header[i + 1], "//    "));
    if (goes_on && !is_code) examples.back().emplace_back();
  }
  return examples;
}

bool IsCode(const Lines& example) {
  return !absl::StartsWith(example.front(), "$ ") &&
         !absl::StartsWith(example.front(), "> ");
}

TEST(HeaderExamplesTest, AreCompiled) {
  const Lines explained = ReadLines("tests/docs/new_primitives_test.cc");
  int found = 0;
  const std::filesystem::path root = "include/creche";
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".h") continue;
    if (entry.path().parent_path().filename() == "internal") continue;
    const std::filesystem::path name = entry.path().lexically_relative(root);
    // "run" of run.h, "sync" of sync/lock.h.
    const std::string layer = name.begin()->stem().string();
    for (const Lines& example : ExamplesIn(ReadLines(entry.path()))) {
      if (!IsCode(example)) continue;
      const std::string source =
          absl::StrCat("tests/docs/header_examples/", layer, ".cc");
      EXPECT_TRUE(Contains(ReadLines(source), Unindented(example)) ||
                  Contains(explained, Unindented(example)))
          << entry.path() << ": these lines are not in " << source << ":\n"
          << absl::StrJoin(example, "\n");
      ++found;
    }
  }
  EXPECT_GT(found, 50);
}

}  // namespace
