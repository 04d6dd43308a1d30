// SPDX-License-Identifier: Apache-2.0
//
// ReadFile, WriteFile: a whole file at once.
//
//   std::string text = co_await creche::Try(creche::ReadFile("in.txt"));
//   co_await creche::Try(creche::WriteFile("out.txt", text));

#ifndef CRECHE_IO_READ_WRITE_FILE_H_
#define CRECHE_IO_READ_WRITE_FILE_H_

#include <cstddef>
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
  //
  // A symbolic link stays; the file that it leads to is replaced. The new file
  // has the permissions of the old one, and its owner and group where this
  // process may give it to them (else they get no rights that they had only as
  // such). Access lists, other names of the old file and whoever has it open
  // keep to the old file. What is no regular file is not replaced
  // (kFailedPrecondition).
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

// For ReadFile().
class ReadFileOptions {
 public:
  ReadFileOptions() {}  // NOLINT: an aggregate would be destroyed twice.

  // How large the file may be. 1 GiB by default, so that a file without an end
  // (/dev/zero, a FIFO) does not take all memory.
  ReadFileOptions& set_max_size(size_t max_size) {
    max_size_ = max_size;
    return *this;
  }

  size_t max_size() const { return max_size_; }

 private:
  size_t max_size_ = size_t{1} << 30;
};

// Cancellation: safe.
// Errors: kResourceExhausted: it is larger than `options` allow. Others: as
//   errno says, with the operation and the path.
Task<absl::StatusOr<std::string>> ReadFile(
    std::string path, ReadFileOptions options = ReadFileOptions());

// Writes `data` into the file, which is made if it does not exist.
// Cancellation: partial: the file may have been made or emptied, and has an
//   unknown prefix; with `atomic`, nothing has happened.
// Errors: likewise.
Task<absl::Status> WriteFile(std::string path, std::string data,
                             WriteFileOptions options = WriteFileOptions());

}  // namespace creche

#endif  // CRECHE_IO_READ_WRITE_FILE_H_
