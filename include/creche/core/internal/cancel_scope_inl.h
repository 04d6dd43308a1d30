// SPDX-License-Identifier: Apache-2.0
//
// CancelScope::Run(), and the way to a scope's node.

#ifndef CRECHE_CORE_INTERNAL_CANCEL_SCOPE_INL_H_
#define CRECHE_CORE_INTERNAL_CANCEL_SCOPE_INL_H_

#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/scoped_awaiter.h"
#include "creche/core/results.h"

namespace creche {
namespace internal {

// Gives the library's other layers the node of a scope.
class ScopeAccess {
 public:
  static CancelNode& Node(CancelScope& scope) { return scope.node_; }
};

template <typename Body>
class [[nodiscard]] CancelScopeRun : public ScopedAwaiter<Body> {
 public:
  CancelScopeRun(CancelNode& scope, AsyncBody<Body>&& body)
      : ScopedAwaiter<Body>(std::move(body)), scope_(scope) {}

  bool SuspendIn(Frame awaiting) { return this->RunIn(scope_, awaiting); }
  Completed<BodyResult<Body>> await_resume() { return this->TakeCompleted(); }

 private:
  CancelNode& scope_;
};

}  // namespace internal

template <typename Body>
auto CancelScope::Run(Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::CancelScopeRun<Body>(
      node_, internal::AsyncBody<Body>(std::forward<Body>(body)));
}

}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_CANCEL_SCOPE_INL_H_
