// SPDX-License-Identifier: Apache-2.0

#include "lib/io/file_error.h"

#include <climits>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/uring/system_error.h"

namespace creche::internal {

absl::Status FileError(int result, absl::string_view operation,
                       absl::string_view path) {
  return SystemError(-result, absl::StrCat(operation, " ", path));
}

absl::Status CheckPath(absl::string_view path) {
  if (!path.empty() && path.size() < PATH_MAX &&
      path.find('\0') == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a path has 1 to ", PATH_MAX - 1, " bytes and no NUL, unlike \"",
      absl::CHexEscape(path.substr(0, 100)), "\", which has ", path.size()));
}

}  // namespace creche::internal
