// SPDX-License-Identifier: Apache-2.0
//
// SetupError: why there is no ring, and what to do about it.

#ifndef CRECHE_LIB_URING_SETUP_ERROR_H_
#define CRECHE_LIB_URING_SETUP_ERROR_H_

#include "absl/status/status.h"

namespace creche::internal {

// The setting kernel.io_uring_disabled, or -1 if this kernel has no such thing.
int ReadIoUringDisabled();

// `error` is the errno of io_uring_setup(). kUnavailable if io_uring is not to
// be had here at all, and only then: a run may use epoll instead. What is short
// for the moment is kResourceExhausted.
absl::Status SetupError(int error, int io_uring_disabled);

// There is a ring, but one that creche cannot work with.
absl::Status TooOldError();

}  // namespace creche::internal

#endif  // CRECHE_LIB_URING_SETUP_ERROR_H_
