// SPDX-License-Identifier: Apache-2.0
//
// DestroyAtEdge: a coroutine goes that none of its code is left of.

#ifndef CRECHE_CORE_INTERNAL_DESTROY_AT_EDGE_H_
#define CRECHE_CORE_INTERNAL_DESTROY_AT_EDGE_H_

#include <coroutine>

#include "creche/core/internal/exceptions.h"

namespace creche::internal {

[[noreturn]] void ArgumentsDestructorThrew();

// Destroys a coroutine that has not begun, or has ended: only its arguments,
// and a result, are left. Aborts if a destructor of theirs throws.
inline void DestroyAtEdge(std::coroutine_handle<> handle) noexcept {
  CRECHE_TRY { handle.destroy(); }
  CRECHE_CATCH_ALL { ArgumentsDestructorThrew(); }
}

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_DESTROY_AT_EDGE_H_
