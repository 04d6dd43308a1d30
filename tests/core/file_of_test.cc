// SPDX-License-Identifier: Apache-2.0

#include "lib/core/file_of.h"

#include <source_location>

#include "gtest/gtest.h"

namespace creche::internal {
namespace {

TEST(FileOfTest, IsWhatTheCompilerSays) {
#line 1 "client/ask.cc"
  EXPECT_EQ(FileOf(std::source_location::current()), "client/ask.cc");
#line 1 "/home/virtual_includes/ask.cc"
  EXPECT_EQ(FileOf(std::source_location::current()),
            "/home/virtual_includes/ask.cc");
}

TEST(FileOfTest, LeavesOutBazelsLinks) {
#line 1 "bazel-out/k8-fastbuild/bin/external/creche/_virtual_includes/net/creche/net/serve_tcp.h"
  EXPECT_EQ(FileOf(std::source_location::current()), "creche/net/serve_tcp.h");
}

}  // namespace
}  // namespace creche::internal
