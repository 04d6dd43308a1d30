// SPDX-License-Identifier: Apache-2.0
//
// UringFeatures: which optional features of the kernel's io_uring a run uses.

#ifndef CRECHE_URING_URING_FEATURES_H_
#define CRECHE_URING_URING_FEATURES_H_

namespace creche {

// Each is used if it is true and the kernel has it; creche works without any of
// them, only slower. The switches are there so that tests on a new kernel can
// see what an old one would do.
//
// What the kernel has is found out when a run begins: the flags by trying them,
// and what came with 5.19, 6.0 and 6.1 by asking for an operation of the same
// release (IORING_REGISTER_PROBE: socket, send_zc and sendmsg_zc).
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
  // IORING_ACCEPT_MULTISHOT (5.19): a listener asks once for connections, not
  // once for each. And IORING_POLL_ADD_MULTI (mended in 5.17): a run waits once
  // for all wake-ups by other threads.
  bool multishot_accept = true;
  // IORING_RECV_MULTISHOT (6.0), into a ring of blocks that the run's streams
  // share (5.19): what TcpStream::Receive() does, one receive for all. On
  // epoll, the same: the stream is watched once for all.
  bool multishot_receive = true;
  // IORING_RECVSEND_POLL_FIRST and IORING_CQE_F_SOCK_NONEMPTY (5.19): a receive
  // does not look for bytes first where the one before it has taken the last.
  bool poll_first = true;
  // MSG_WAITALL of a send (6.1): the kernel goes on after a part by itself, and
  // says how much was sent if it is stopped. Older kernels take the flag, too,
  // but say that a send was cancelled when half of it has gone.
  bool send_all = true;

  // As if the kernel had nothing that is optional.
  static constexpr UringFeatures None() {
    return {false, false, false, false, false,
            false, false, false, false, false};
  }
};

}  // namespace creche

#endif  // CRECHE_URING_URING_FEATURES_H_
