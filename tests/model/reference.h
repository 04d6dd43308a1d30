// SPDX-License-Identifier: Apache-2.0
//
// RunReference: what a script does, by the rules of docs/semantics.md, worked
// out in the simplest way: no coroutines, nothing cached, nothing shared with
// the library.

#ifndef CRECHE_TESTS_MODEL_REFERENCE_H_
#define CRECHE_TESTS_MODEL_REFERENCE_H_

#include "tests/model/script.h"

namespace creche::model {

Trace RunReference(const Script& script);

}  // namespace creche::model

#endif  // CRECHE_TESTS_MODEL_REFERENCE_H_
