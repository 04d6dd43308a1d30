// SPDX-License-Identifier: Apache-2.0
//
// MakeDirectory, RemoveDirectory, ListDirectory. For what directories contain
// there are RenameFile(), RemoveFile() and GetFileInfo() (io/file.h), of which
// the first and the last work for directories, too.
//
//   co_await creche::Try(creche::MakeDirectory("/run/example"));

#ifndef CRECHE_IO_DIRECTORY_H_
#define CRECHE_IO_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"

namespace creche {

// Makes a directory. `permissions` are its own, less the umask.
// Cancellation: partial. It may have happened.
// Errors: kAlreadyExists: there is something of that name. kNotFound: the
//   directory it would be in does not exist. Others: as errno says, with the
//   operation and the path.
Task<absl::Status> MakeDirectory(std::string path, unsigned permissions = 0777);

// Removes an empty directory.
// Cancellation: partial. It may have happened.
// Errors: kNotFound. kFailedPrecondition: it is not empty, or no directory.
Task<absl::Status> RemoveDirectory(std::string path);

// The names of what is in a directory, without "." and "..", sorted. What
// others make or remove meanwhile may be among them or not.
// Cancellation: safe.
// Errors: kNotFound. kFailedPrecondition: it is no directory. Others: as errno
//   says. kResourceExhausted: also if there is no thread to be had for it.
Task<absl::StatusOr<std::vector<std::string>>> ListDirectory(std::string path);

}  // namespace creche

#endif  // CRECHE_IO_DIRECTORY_H_
