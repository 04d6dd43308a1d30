// SPDX-License-Identifier: Apache-2.0
//
// PathOf: where a test may make a file.

#ifndef CRECHE_TESTS_SUPPORT_PATH_OF_H_
#define CRECHE_TESTS_SUPPORT_PATH_OF_H_

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace creche {

inline std::string PathOf(absl::string_view name) {
  const char* folder = std::getenv("TEST_TMPDIR");
  return absl::StrCat(folder != nullptr ? folder : "/tmp", "/", name);
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_PATH_OF_H_
