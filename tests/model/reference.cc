// SPDX-License-Identifier: Apache-2.0

#include "tests/model/reference.h"

#include "tests/model/interpreter.h"
#include "tests/model/script.h"

namespace creche::model {

Trace RunReference(const Script& script) { return Interpreter(script).Run(); }

}  // namespace creche::model
