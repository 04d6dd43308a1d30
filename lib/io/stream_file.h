// SPDX-License-Identifier: Apache-2.0
//
// ReadStreamFile, WriteStreamFile: a file that has no position: a FIFO, or a
// terminal.

#ifndef CRECHE_LIB_IO_STREAM_FILE_H_
#define CRECHE_LIB_IO_STREAM_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/task.h"

namespace creche::internal {

// True if `fd` has no position. Then puts it into non-blocking mode, which the
// functions below require: nobody shares it yet, and the kernel would block the
// run's thread in the read or write of a terminal.
bool BecomeStreamFile(int fd);

// Ends the non-blocking mode in which `fd` was opened.
void BecomeBlocking(int fd);

// Of a file that was opened to read, in non-blocking mode, and has not been
// read yet: waits until there is something to read, or an end to report. Before
// a FIFO's first writer has come, there is neither.
// Cancellation: safe.
Task<absl::Status> WaitForWriter(int fd, const std::string& path);

// Reads 1 byte or more, or 0 at the end. `path` is for errors.
// Cancellation: safe.
Task<absl::StatusOr<size_t>> ReadStreamFile(int fd, const std::string& path,
                                            absl::Span<char> buffer);

// Writes all of `data`. Raises no SIGPIPE.
// Cancellation: partial. An unknown prefix was written.
Task<absl::Status> WriteStreamFile(int fd, const std::string& path,
                                   absl::string_view data);

// True if a read of `fd` has given `result`, a negated errno, only to say that
// it is the master of a pseudo terminal which nobody has open any more: that is
// the end of what can be read.
bool IsEndOfTerminal(int fd, int result);

}  // namespace creche::internal

#endif  // CRECHE_LIB_IO_STREAM_FILE_H_
