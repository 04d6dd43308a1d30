// SPDX-License-Identifier: Apache-2.0
//
// Each chapter of docs/walkthrough/ has a program of the same name, which runs,
// ends well, and prints what the chapter says that it prints:
//
//   <!-- output of 01_one_at_a_time -->
//   ```text
//
// The lines of such a block must follow each other in the program's output.
// What is measured may differ: numbers with a unit, and those after "about".
// And every link leads to a file.

#include <stdio.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

const char kChapters[] = "docs/walkthrough";
const char kPrograms[] = "examples/walkthrough/";

std::vector<std::string> ChapterNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kChapters)) {
    const std::string name = entry.path().stem().string();
    if (name != "README") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Lines ReadLines(const fs::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Without what is measured, and without the blanks that align it.
std::string Masked(const std::string& line) {
  static const std::regex measured(
      "about [0-9]+|[0-9.]+ (s|ms|us|ns|B|KiB)(?![A-Za-z])");
  static const std::regex blanks(" +");
  return std::regex_replace(std::regex_replace(line, measured, "#"), blanks,
                            " ");
}

Lines Masked(Lines lines) {
  for (std::string& line : lines) line = Masked(line);
  return lines;
}

// Runs the program of a chapter.
Lines OutputOf(const std::string& name) {
  FILE* pipe = popen((kPrograms + name).c_str(), "r");
  std::string output;
  for (int c = getc(pipe); c != EOF; c = getc(pipe)) {
    output += static_cast<char>(c);
  }
  EXPECT_EQ(pclose(pipe), 0) << name;
  Lines lines;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class WalkthroughTest : public testing::TestWithParam<std::string> {
 protected:
  fs::path chapter() const {
    return fs::path(kChapters) / (GetParam() + ".md");
  }
};

TEST_P(WalkthroughTest, ProgramPrintsWhatTheChapterSays) {
  const Lines output = Masked(OutputOf(GetParam()));
  const Lines lines = ReadLines(chapter());
  int blocks = 0;
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    if (*line != "<!-- output of " + GetParam() + " -->") continue;
    ASSERT_EQ(*++line, "```text");
    const auto end = std::find(line, lines.end(), "```");
    const Lines block = Masked(Lines(line + 1, end));
    EXPECT_NE(
        std::search(output.begin(), output.end(), block.begin(), block.end()),
        output.end())
        << "not in the output: " << testing::PrintToString(block) << "\n"
        << testing::PrintToString(output);
    ++blocks;
  }
  EXPECT_GT(blocks, 0);
}

TEST_P(WalkthroughTest, ProgramIsShort) {
  const size_t lines = ReadLines(kPrograms + GetParam() + ".cc").size();
  EXPECT_LE(lines, 150u);
}

INSTANTIATE_TEST_SUITE_P(Chapters, WalkthroughTest,
                         testing::ValuesIn(ChapterNames()),
                         [](const auto& chapter) {
                           return "Stage" + chapter.param.substr(0, 2);
                         });

TEST(WalkthroughLinksTest, LeadToFiles) {
  const std::regex link("\\]\\(([^)#: ]+)(#[^)]*)?\\)");
  std::vector<fs::path> documents = {"docs/cancellation.md", "docs/design.md"};
  for (const auto& entry : fs::directory_iterator(kChapters)) {
    documents.push_back(entry.path());
  }
  int links = 0;
  for (const fs::path& document : documents) {
    for (const std::string& line : ReadLines(document)) {
      for (std::sregex_iterator i(line.begin(), line.end(), link), end;
           i != end; ++i) {
        const fs::path target = document.parent_path() / (*i)[1].str();
        EXPECT_TRUE(fs::exists(target.lexically_normal()))
            << document << ": " << line;
        ++links;
      }
    }
  }
  EXPECT_GT(links, 20);
}

}  // namespace
