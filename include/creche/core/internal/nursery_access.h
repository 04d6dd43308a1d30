// SPDX-License-Identifier: Apache-2.0
//
// NurseryAccess: the library's way from a Nursery to its NurseryState.

#ifndef CRECHE_CORE_INTERNAL_NURSERY_ACCESS_H_
#define CRECHE_CORE_INTERNAL_NURSERY_ACCESS_H_

#include "creche/core/internal/forward.h"
#include "creche/core/internal/nursery_state.h"
#include "creche/core/nursery.h"

namespace creche::internal {

class NurseryAccess {
 public:
  static NurseryState& State(Nursery& nursery) { return nursery.state_; }

  // A nursery that nobody uses; and back.
  static Nursery& Take();
  static void GiveBack(Nursery& nursery);

 private:
  class Quarantine;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_NURSERY_ACCESS_H_
