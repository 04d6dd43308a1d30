// SPDX-License-Identifier: Apache-2.0
//
// RunCancelSweeps(), RunFailSweeps(): the runs of CancelEverywhere() and
// FailEverywhere(). Each returns K.

#ifndef CRECHE_TESTING_INTERNAL_RUN_SWEEPS_H_
#define CRECHE_TESTING_INTERNAL_RUN_SWEEPS_H_

#include <cstddef>
#include <functional>
#include <source_location>

#include "creche/testing/internal/repeated_body.h"

namespace creche {

struct CancelEverywhereOptions;
struct FailEverywhereOptions;

namespace internal {

std::size_t RunCancelSweeps(RepeatedBody& body,
                            const std::function<void(std::size_t)>& check,
                            const CancelEverywhereOptions& options,
                            const std::source_location& location);

std::size_t RunFailSweeps(RepeatedBody& body,
                          const std::function<void(std::size_t)>& check,
                          const FailEverywhereOptions& options,
                          const std::source_location& location);

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_TESTING_INTERNAL_RUN_SWEEPS_H_
