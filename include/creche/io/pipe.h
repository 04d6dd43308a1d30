// SPDX-License-Identifier: Apache-2.0
//
// PipeReader, PipeWriter: the ends of a pipe, or of anything else that can be
// read or written like one: a terminal, a file at its position, a FIFO.
//
//   auto [reader, writer] = co_await creche::Try(creche::MakePipe());
//   co_await creche::Try(writer.SendAll("hello"));
//
// For those that the process was started with: io/standard_streams.h.

#ifndef CRECHE_IO_PIPE_H_
#define CRECHE_IO_PIPE_H_

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/io/internal/pipe_end.h"
#include "creche/io/internal/pipe_operations.h"

namespace creche {

// Errors: IsClosedResource, IsBusyResource (another task is receiving), others
//   as errno says.
class PipeReader : public internal::PipeEnd {
 public:
  // Takes over a descriptor that can be read.
  explicit PipeReader(int fd) : PipeEnd(fd) {}

  // Waits for bytes and gives how many there are in `buffer`: at least one, or
  // 0 at the end: the other end was closed, also that of a pseudo terminal.
  // `buffer` must not be empty.
  // Cancellation: safe. The bytes stay in the pipe.
  internal::ReadOperation ReceiveSome(absl::Span<char> buffer) {
    return internal::ReadOperation(descriptor_, buffer);
  }
};

// Errors: IsBrokenResource: nobody reads any more. IsClosedResource,
//   IsBusyResource (another task is sending), others as errno says.
class PipeWriter : public internal::PipeEnd {
 public:
  // Takes over a descriptor that can be written. Writing where nobody reads any
  // more gives an error, not a SIGPIPE: from now on the process ignores that,
  // unless it has said otherwise.
  explicit PipeWriter(int fd);

  // Sends all of `data`, which must live as long as the call.
  // Cancellation: partial. If it was not the whole or nothing that had been
  //   sent, further calls fail (IsBrokenResource).
  internal::WriteOperation SendAll(absl::string_view data) {
    return internal::WriteOperation(descriptor_, data);
  }

  // Close(), unless another task is sending or an earlier SendAll() was cut
  // short (IsBrokenResource). A second call does nothing.
  // Cancellation: safe.
  internal::CloseOperation SendEof() {
    return internal::CloseOperation(descriptor_);
  }
};

// What is sent to the second is received from the first.
// Errors: kResourceExhausted: no descriptors.
absl::StatusOr<std::pair<PipeReader, PipeWriter>> MakePipe();

}  // namespace creche

#endif  // CRECHE_IO_PIPE_H_
