// SPDX-License-Identifier: Apache-2.0
//
// ShieldAwaiter: what Shield() gives to co_await.

#ifndef CRECHE_CORE_INTERNAL_SHIELD_AWAITER_H_
#define CRECHE_CORE_INTERNAL_SHIELD_AWAITER_H_

#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/scoped_awaiter.h"

namespace creche::internal {

template <typename Body>
class [[nodiscard]] ShieldAwaiter : public ScopedAwaiter<Body> {
 public:
  explicit ShieldAwaiter(AsyncBody<Body>&& body)
      : ScopedAwaiter<Body>(std::move(body)) {}
  ShieldAwaiter(ShieldAwaiter&& other) noexcept
      : ScopedAwaiter<Body>(std::move(other)) {}

  bool SuspendIn(Frame awaiting) {
    scope_.set_shield(true);
    return this->RunIn(scope_, awaiting);
  }
  BodyResult<Body> await_resume() { return this->TakeBodyResult(); }

 private:
  CancelNode scope_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_SHIELD_AWAITER_H_
