// SPDX-License-Identifier: Apache-2.0
//
// CopyContents: one regular file into another, on a thread that may block.

#ifndef CRECHE_LIB_IO_COPY_CONTENTS_H_
#define CRECHE_LIB_IO_COPY_CONTENTS_H_

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"

namespace creche::internal {

// A file that is open, and what it is called.
struct NamedDescriptor {
  int fd;
  std::string path;
};

// Copies from the beginning of `from` to its end, to the beginning of `to`, at
// positions of its own. Gives how many bytes that were; fewer than there are if
// it was told to stop. Blocks.
absl::StatusOr<std::uint64_t> CopyContents(const std::stop_token& stop,
                                           const NamedDescriptor& from,
                                           const NamedDescriptor& to);

}  // namespace creche::internal

#endif  // CRECHE_LIB_IO_COPY_CONTENTS_H_
