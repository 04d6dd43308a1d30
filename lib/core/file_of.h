// SPDX-License-Identifier: Apache-2.0
//
// FileOf: the file of a place in the sources, for people.

#ifndef CRECHE_LIB_CORE_FILE_OF_H_
#define CRECHE_LIB_CORE_FILE_OF_H_

#include <cstddef>
#include <source_location>

#include "absl/strings/string_view.h"

namespace creche::internal {

// Bazel has a library's headers included through a folder of links, such as
// bazel-out/k8-fastbuild/bin/external/creche/_virtual_includes/net/creche/net/x.h
// where the program says "creche/net/x.h": so this is what it gives.
inline absl::string_view FileOf(const std::source_location& place) {
  constexpr absl::string_view kLinks = "/_virtual_includes/";
  absl::string_view file = place.file_name();
  const size_t links = file.rfind(kLinks);
  if (links == absl::string_view::npos) return file;
  file.remove_prefix(links + kLinks.size());
  return file.substr(file.find('/') + 1);
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_FILE_OF_H_
