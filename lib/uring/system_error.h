// SPDX-License-Identifier: Apache-2.0
//
// SystemError, MeansBroken: what a system call or an operation says, and what
// to do about it.

#ifndef CRECHE_LIB_URING_SYSTEM_ERROR_H_
#define CRECHE_LIB_URING_SYSTEM_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// `error` is an errno; `what` says which operation on what has failed.
absl::Status SystemError(int error, absl::string_view what);

// True if `error` says that a connection is unusable, whatever is tried on it
// next.
bool MeansBroken(int error);

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_SYSTEM_ERROR_H_
