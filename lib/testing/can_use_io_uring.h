// SPDX-License-Identifier: Apache-2.0
//
// CanUseIoUring: whether tests can run on the real kernel.

#ifndef CRECHE_LIB_TESTING_CAN_USE_IO_URING_H_
#define CRECHE_LIB_TESTING_CAN_USE_IO_URING_H_

namespace creche::testing::internal {

// Asked once per process. Requires: not inside a run of this thread.
bool CanUseIoUring();

}  // namespace creche::testing::internal

#endif  // CRECHE_LIB_TESTING_CAN_USE_IO_URING_H_
