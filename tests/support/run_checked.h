// SPDX-License-Identifier: Apache-2.0
//
// RunChecked: a run on the kernel that must succeed, and leave no descriptor
// behind.

#ifndef CRECHE_TESTS_SUPPORT_RUN_CHECKED_H_
#define CRECHE_TESTS_SUPPORT_RUN_CHECKED_H_

#include <cstddef>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_to_test.h"

namespace creche {

template <typename Main>
void RunChecked(Main main) {
  const size_t files = OpenFiles();
  const absl::Status status = RunToTest(main);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(OpenFiles(), files);
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_RUN_CHECKED_H_
