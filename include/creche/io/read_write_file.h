// SPDX-License-Identifier: Apache-2.0
//
// ReadFile, WriteFile: a whole file at once.
//
//   std::string text = co_await creche::Try(creche::ReadFile("in.txt"));
//   co_await creche::Try(creche::WriteFile("out.txt", text));

#ifndef CRECHE_IO_READ_WRITE_FILE_H_
#define CRECHE_IO_READ_WRITE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"

namespace creche {

// For WriteFile().
class WriteFileOptions {
 public:
  WriteFileOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // The file is written under another name beside it, which then replaces it:
  // whoever opens `path` finds what was there before or all of the new,
  // whatever happens meanwhile. Costs an fsync().
  WriteFileOptions& set_atomic(bool atomic) {
    atomic_ = atomic;
    return *this;
  }
  // Of a new file, less the umask.
  WriteFileOptions& set_permissions(unsigned permissions) {
    permissions_ = permissions;
    return *this;
  }

  bool atomic() const { return atomic_; }
  unsigned permissions() const { return permissions_; }

 private:
  bool atomic_ = false;
  unsigned permissions_ = 0666;
};

// Cancellation: safe.
// Errors: as errno says, with the operation and the path.
Task<absl::StatusOr<std::string>> ReadFile(std::string path);

// Writes `data` into the file, which is made if it does not exist.
// Cancellation: partial: the file may have been made or emptied, and has an
//   unknown prefix; with `atomic`, nothing has happened.
// Errors: likewise.
Task<absl::Status> WriteFile(std::string path, std::string data,
                             WriteFileOptions options = WriteFileOptions());

}  // namespace creche

#endif  // CRECHE_IO_READ_WRITE_FILE_H_
