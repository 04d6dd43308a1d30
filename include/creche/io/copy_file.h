// SPDX-License-Identifier: Apache-2.0
//
// CopyFile: the contents of a file into another.
//
//   std::uint64_t size =
//       co_await creche::Try(creche::CopyFile("photo.jpg", "copy.jpg"));
//
// The kernel copies where it can (copy_file_range(2)), on a thread of
// RunInThread()'s (threads/run_in_thread.h): no byte passes through the
// process, and some file systems only note that two files share their contents.
// On ext4, which does not, 1 GiB in memory costs about as much processor time
// as with cp: 0.37 s and 0.34 s, the best of five rounds in turn, with medians
// of 0.39 and 0.55 s (`bazel run --config=opt //benchmarks:side_by_side -- copy
// FROM TO`, on a busy machine).

#ifndef CRECHE_IO_COPY_FILE_H_
#define CRECHE_IO_COPY_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "creche/core/task.h"

namespace creche {

// Copies what `from` contains into `to`, to the end of `from`, and gives how
// many bytes that were. Symbolic links are followed.
//
// As cp(1) does, it makes `to` with the permissions of `from`, less the umask.
// A `to` that exists keeps its permissions and its owner, and what it had is
// gone. Times and attributes are not copied; holes may become zeros.
//
// What is no regular file (a FIFO, a terminal, /dev/null) is read and written
// like one that has no end until it says so. At a FIFO it waits for the other
// side, as File does (io/file.h).
//
// `to` is written in place. For all or nothing, copy to another name beside it,
// and RenameFile() that when the copy is complete.
//
// Cancellation: partial. `to` may have been made or emptied, and has a prefix
//   of `from`, of unknown length. A thread that copies ends its piece first: 4
//   MiB at most.
// Errors: each names both files, and what has failed on which of them.
//   kInvalidArgument: they are the same file, by whatever names; nothing was
//   changed. kFailedPrecondition: one of them is a directory. kNotFound,
//   kPermissionDenied, kResourceExhausted (no room on the device, descriptors,
//   threads), kDataLoss and others: as errno says; after those of copying
//   itself, `to` is as after a cancellation.
Task<absl::StatusOr<std::uint64_t>> CopyFile(std::string from, std::string to);

}  // namespace creche

#endif  // CRECHE_IO_COPY_FILE_H_
