// SPDX-License-Identifier: Apache-2.0
//
// FeaturesToTest: what tests use of the kernel's io_uring, so that they can be
// run as if the kernel were older than it is.
//
//   $ bazel test --test_env=CRECHE_WITHOUT=multishot_accept,poll_first ...

#ifndef CRECHE_TESTING_FEATURES_TO_TEST_H_
#define CRECHE_TESTING_FEATURES_TO_TEST_H_

#include "creche/uring/uring_features.h"

namespace creche {

// Everything, except what the environment variable CRECHE_WITHOUT names: fields
// of UringFeatures with commas between them, or "all". Aborts at anything else.
//
// Runs of the testing kit use it. For others: RunOptions::uring_features.
UringFeatures FeaturesToTest();

}  // namespace creche

#endif  // CRECHE_TESTING_FEATURES_TO_TEST_H_
