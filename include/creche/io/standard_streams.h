// SPDX-License-Identifier: Apache-2.0
//
// StandardInput, StandardOutput, StandardError: what the process was started
// with: a terminal, a pipe, a file.
//
//   creche::PipeReader input = co_await creche::Try(creche::StandardInput());
//   creche::BufferedReader reader(input);
//   std::string line = co_await creche::Try(reader.ReadLine());

#ifndef CRECHE_IO_STANDARD_STREAMS_H_
#define CRECHE_IO_STANDARD_STREAMS_H_

#include "absl/status/statusor.h"
#include "creche/io/pipe.h"

namespace creche {

// Each call gives a stream of its own, with a descriptor of its own: closing it
// leaves the process's open. The mode of the descriptors, which other processes
// may share, is left as it is. What std::cin or std::cout hold in their buffers
// is not seen here.
//
// Where the process was started without one of them, Run() takes its number (0,
// 1 or 2), so that no socket or file gets that, and with it what the process
// prints. Reading and writing there give EBADF, as before. A program that
// closes one in the middle of a run should open /dev/null in its place.
//
// Errors: kFailedPrecondition: the process was started without, or has closed
//   it. kResourceExhausted: no descriptors.
absl::StatusOr<PipeReader> StandardInput();
absl::StatusOr<PipeWriter> StandardOutput();
absl::StatusOr<PipeWriter> StandardError();

}  // namespace creche

#endif  // CRECHE_IO_STANDARD_STREAMS_H_
