// SPDX-License-Identifier: Apache-2.0
//
// Shield: a body that no cancellation from outside reaches.
//
//   absl::Status saved = co_await creche::Shield(Save(document));

#ifndef CRECHE_CORE_SHIELD_H_
#define CRECHE_CORE_SHIELD_H_

#include <utility>

#include "creche/core/internal/async_body.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/shield_awaiter.h"

namespace creche {

// Runs `body` (a Task, another awaitable, or a callable that returns one) where
// no cancellation and no deadline from outside reaches it. co_await gives the
// body's result.
//
// Prefer WithCleanup() (core/cleanup.h), which can bound the time a cleanup
// takes: what is shielded and hangs, hangs the whole run.
//
// Cancellation: shielded.
template <typename Body>
auto Shield(Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  return internal::ShieldAwaiter<Body>(
      internal::AsyncBody<Body>(std::forward<Body>(body)));
}

}  // namespace creche

#endif  // CRECHE_CORE_SHIELD_H_
