// SPDX-License-Identifier: Apache-2.0
//
// Abort: what an abort function answers, when the task whose wait it ends is
// cancelled. See core/suspend.h.
//
//   auto abort = [&] {
//     device.Forget();
//     return creche::Abort::kDone;
//   };

#ifndef CRECHE_CORE_ABORT_H_
#define CRECHE_CORE_ABORT_H_

#include <cstdint>

namespace creche {

// Whether the wait has ended.
enum class Abort : std::uint8_t {
  // Aborted: the operation did not happen, and nobody will use the Waker. The
  // task is unwound.
  kDone,
  // Not yet: the Waker will be used, by Wake() if the operation completed after
  // all, by Aborted() if it did not happen.
  kPending,
};

}  // namespace creche

#endif  // CRECHE_CORE_ABORT_H_
