// SPDX-License-Identifier: Apache-2.0

#include "lib/io/file_error.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

absl::Status FileError(int result, absl::string_view operation,
                       absl::string_view path) {
  return absl::ErrnoToStatus(-result, absl::StrCat(operation, " ", path));
}

absl::Status CheckPath(absl::string_view path) {
  if (!path.empty() && path.find('\0') == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a path is not empty and has no NUL, unlike \"",
                   absl::CHexEscape(path.substr(0, 100)), "\""));
}

}  // namespace creche::internal
