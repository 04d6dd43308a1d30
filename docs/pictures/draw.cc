// SPDX-License-Identifier: Apache-2.0
//
// Draws the pictures of the documents anew.
//
//   ./dev pictures
//   bazel run //docs/pictures:draw [-- FOLDER]

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "docs/pictures/scenes.h"

int main(int argc, char** argv) {
  // Where `bazel run` was called.
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  std::string folder = ".";
  if (workspace != nullptr) folder = std::string(workspace) + "/docs/pictures";
  if (argc > 1) folder = argv[1];
  for (const DrawnScene& scene : DrawScenes()) {
    const std::string path = folder + "/" + scene.name + ".svg";
    std::ofstream out(path);
    out << scene.svg;
    out.close();
    if (!out) {
      std::cerr << "cannot write " << path << "\n";
      return 1;
    }
    std::cout << path << "\n";
  }
}
