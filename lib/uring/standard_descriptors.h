// SPDX-License-Identifier: Apache-2.0
//
// ReserveStandardDescriptors: keeps the numbers of the standard streams for
// them.

#ifndef CRECHE_LIB_URING_STANDARD_DESCRIPTORS_H_
#define CRECHE_LIB_URING_STANDARD_DESCRIPTORS_H_

#include "absl/status/status.h"

namespace creche::internal {

// Afterwards the numbers 0, 1 and 2 are taken. Where a standard stream is
// closed, the next descriptor, whoever opens it, would have its number, and
// what the process prints would go to a peer or into a file. So its number gets
// a descriptor that can be neither read nor written (EBADF, as if it were
// closed) and that no program which the process starts inherits.
//
// Errors: as errno says.
absl::Status ReserveStandardDescriptors();

// True if `fd` is what ReserveStandardDescriptors() has put there.
bool IsReserved(int fd);

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_STANDARD_DESCRIPTORS_H_
