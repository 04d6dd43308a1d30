// SPDX-License-Identifier: Apache-2.0
//
// UringFeatures: which optional features of the kernel's io_uring a run uses.

#ifndef CRECHE_URING_URING_FEATURES_H_
#define CRECHE_URING_URING_FEATURES_H_

namespace creche {

// Each is used if it is true and the kernel has it; creche works without any of
// them, only slower. The switches are there so that tests on a new kernel can
// see what an old one would do.
struct UringFeatures {
  // IORING_SETUP_DEFER_TASKRUN (Linux 6.1): completions are worked on when the
  // run asks for them, not whenever the kernel likes. Needs the next two.
  bool defer_taskrun = true;
  // IORING_SETUP_SINGLE_ISSUER (6.0).
  bool single_issuer = true;
  // IORING_SETUP_COOP_TASKRUN and _TASKRUN_FLAG (5.19).
  bool coop_taskrun = true;
  // IORING_SETUP_SUBMIT_ALL (5.18).
  bool submit_all = true;
  // IORING_REGISTER_RING_FDS (5.18).
  bool registered_ring = true;
  // IOSQE_CQE_SKIP_SUCCESS (5.17): cancellations that worked make no noise.
  bool skip_success = true;
};

}  // namespace creche

#endif  // CRECHE_URING_URING_FEATURES_H_
