// SPDX-License-Identifier: Apache-2.0
//
// OpenKernelPort: the port of a run on this machine.

#ifndef CRECHE_LIB_EPOLL_KERNEL_PORT_H_
#define CRECHE_LIB_EPOLL_KERNEL_PORT_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/backend.h"
#include "creche/uring/operation_port.h"
#include "creche/uring/uring_features.h"

namespace creche::internal {

// `wanted`, unless that is kAuto: then what CRECHE_BACKEND says, which may be
// kAuto, too.
// Errors: kInvalidArgument: it says something else.
absl::StatusOr<Backend> BackendToUse(Backend wanted);

// Whether `error`, with which io_uring could not be opened, says that it is not
// to be had here at all.
bool IsMissing(const absl::Status& error);

// A port of `wanted`, open.
// Errors: those of BackendToUse(), and those of opening that port.
absl::StatusOr<std::unique_ptr<OperationPort>> OpenKernelPort(
    Backend wanted, unsigned ring_entries, const UringFeatures& features);

}  // namespace creche::internal

#endif  // CRECHE_LIB_EPOLL_KERNEL_PORT_H_
