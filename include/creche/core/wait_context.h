// SPDX-License-Identifier: Apache-2.0
//
// WaitContext: which task an operation waits for, and whether it is one of
// several. For authors of operations that note when they start to wait.
//
//   void Enter(const creche::WaitContext& context) {
//     ++waiting_;
//     Base::Enter(context);
//   }

#ifndef CRECHE_CORE_WAIT_CONTEXT_H_
#define CRECHE_CORE_WAIT_CONTEXT_H_

#include "creche/core/internal/forward.h"

namespace creche {

// Made by the library, to be handed on. Valid during the call that it is an
// argument of.
class WaitContext {
 private:
  friend class internal::Contest;
  friend class internal::Entrant;
  friend class internal::TaskRecord;

  WaitContext(internal::TaskRecord& task, internal::Contest* contest)
      : task_(task), contest_(contest) {}

  internal::TaskRecord& task_;
  internal::Contest* contest_;  // Null: it is waited for by itself.
};

}  // namespace creche

#endif  // CRECHE_CORE_WAIT_CONTEXT_H_
