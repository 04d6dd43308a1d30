// SPDX-License-Identifier: Apache-2.0
//
// The pictures in docs/pictures/ are what the library draws today.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "docs/pictures/scenes.h"
#include "gtest/gtest.h"

namespace {

const char kFolder[] = "docs/pictures";

TEST(PicturesTest, AreUpToDate) {
  size_t scenes = 0;
  for (const DrawnScene& scene : DrawScenes()) {
    std::ifstream in(std::string(kFolder) + "/" + scene.name + ".svg");
    const std::string committed{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(committed, scene.svg) << "draw it anew: ./dev pictures";
    ++scenes;
  }
  EXPECT_GT(scenes, 0u);
}

TEST(PicturesTest, HaveAScene) {
  size_t pictures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".svg") ++pictures;
  }
  EXPECT_EQ(pictures, DrawScenes().size());
}

}  // namespace
