// SPDX-License-Identifier: Apache-2.0
//
// RunToTest: a run on the kernel, with the features that are to be tested.

#ifndef CRECHE_TESTS_SUPPORT_RUN_TO_TEST_H_
#define CRECHE_TESTS_SUPPORT_RUN_TO_TEST_H_

#include <utility>

#include "creche/run.h"
#include "creche/testing/features_to_test.h"

namespace creche {

template <typename F>
auto RunToTest(F&& main) {
  RunOptions options;
  options.uring_features = FeaturesToTest();
  return creche::Run(std::move(options), std::forward<F>(main));
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_RUN_TO_TEST_H_
