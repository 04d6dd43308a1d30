// SPDX-License-Identifier: Apache-2.0
//
// RunLibrary: what the library makes of a script, on a mock clock.

#ifndef CRECHE_TESTS_MODEL_LIBRARY_RUN_H_
#define CRECHE_TESTS_MODEL_LIBRARY_RUN_H_

#include <cstdint>
#include <optional>

#include "tests/model/script.h"

namespace creche::model {

// With a seed, batches are shuffled: the trace is then one of many.
Trace RunLibrary(const Script& script,
                 std::optional<std::uint64_t> schedule_seed = std::nullopt);

}  // namespace creche::model

#endif  // CRECHE_TESTS_MODEL_LIBRARY_RUN_H_
