// SPDX-License-Identifier: Apache-2.0
//
// FileError, CheckPath: what goes wrong with files.

#ifndef CRECHE_LIB_IO_FILE_ERROR_H_
#define CRECHE_LIB_IO_FILE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// `result` is a negated errno.
absl::Status FileError(int result, absl::string_view operation,
                       absl::string_view path);

// Not OK if there can be no such file, whatever the kernel would make of it.
absl::Status CheckPath(absl::string_view path);

}  // namespace creche::internal

#endif  // CRECHE_LIB_IO_FILE_ERROR_H_
