// SPDX-License-Identifier: Apache-2.0
//
// The timeline pictures of the documents: small programs that are traced as
// they run, on a clock that jumps, so that they draw the same each time.

#ifndef CRECHE_DOCS_PICTURES_SCENES_H_
#define CRECHE_DOCS_PICTURES_SCENES_H_

#include <string>
#include <vector>

struct DrawnScene {
  std::string name;  // The picture is `name`.svg.
  std::string svg;
};

// Runs all of them.
std::vector<DrawnScene> DrawScenes();

#endif  // CRECHE_DOCS_PICTURES_SCENES_H_
