// SPDX-License-Identifier: Apache-2.0
//
// Backend: by which of the kernel's interfaces a run does its I/O.

#ifndef CRECHE_CORE_BACKEND_H_
#define CRECHE_CORE_BACKEND_H_

namespace creche {

// What works is the same on both; docs/epoll.md says what differs.
enum class Backend {
  kAuto,   // io_uring, or where that cannot be had, epoll.
  kUring,  // io_uring, or an error.
  kEpoll,  // epoll.
};

}  // namespace creche

#endif  // CRECHE_CORE_BACKEND_H_
