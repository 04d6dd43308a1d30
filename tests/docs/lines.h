// SPDX-License-Identifier: Apache-2.0
//
// Lines: texts that are compared line by line, apart from their indentation.

#ifndef CRECHE_TESTS_DOCS_LINES_H_
#define CRECHE_TESTS_DOCS_LINES_H_

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace docs {

using Lines = std::vector<std::string>;

inline Lines ReadLines(const std::filesystem::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Without the indentation that all lines share.
inline Lines Unindented(Lines lines) {
  std::size_t indent = std::string::npos;
  for (const std::string& line : lines) {
    if (!line.empty()) indent = std::min(indent, line.find_first_not_of(' '));
  }
  for (std::string& line : lines) {
    if (!line.empty()) line.erase(0, indent);
  }
  return lines;
}

// Whether `block`, which is not indented, is a run of lines of `file`.
inline bool Contains(const Lines& file, const Lines& block) {
  for (std::size_t at = 0; at + block.size() <= file.size(); ++at) {
    const auto begin = file.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(block.size());
    if (Unindented(Lines(begin, end)) == block) return true;
  }
  return false;
}

}  // namespace docs

#endif  // CRECHE_TESTS_DOCS_LINES_H_
