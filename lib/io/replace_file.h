// SPDX-License-Identifier: Apache-2.0
//
// ReplaceFile: all of a file's new content, or all of its old.

#ifndef CRECHE_LIB_IO_REPLACE_FILE_H_
#define CRECHE_LIB_IO_REPLACE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "creche/core/task.h"

namespace creche::internal {

// As WriteFile() with `atomic`. `permissions` are those of a new file.
Task<absl::Status> ReplaceFile(std::string path, std::string data,
                               unsigned permissions);

}  // namespace creche::internal

#endif  // CRECHE_LIB_IO_REPLACE_FILE_H_
