// SPDX-License-Identifier: Apache-2.0
//
// WhenAll and Race, both.

#ifndef CRECHE_CORE_COMBINATORS_H_
#define CRECHE_CORE_COMBINATORS_H_

// IWYU pragma: begin_exports
#include "creche/core/race.h"
#include "creche/core/when_all.h"
// IWYU pragma: end_exports

#endif  // CRECHE_CORE_COMBINATORS_H_
