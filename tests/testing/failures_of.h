// SPDX-License-Identifier: Apache-2.0
//
// FailuresOf: what a piece of a test reports, instead of failing the test.

#ifndef CRECHE_TESTS_TESTING_FAILURES_OF_H_
#define CRECHE_TESTS_TESTING_FAILURES_OF_H_

#include <string>

#include "creche/testing/creche_test.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace creche {

// The messages of all results (failures and skips) that `statement()` reports
// on this thread, each on lines of its own.
template <typename Statement>
std::string FailuresOf(Statement statement) {
  ::testing::TestPartResultArray results;
  {
    ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::
            INTERCEPT_ONLY_CURRENT_THREAD,
        &results);
    statement();
  }
  std::string text;
  for (int i = 0; i < results.size(); ++i) {
    text += results.GetTestPartResult(i).message();
    text += "\n";
  }
  return text;
}

// The same for the body of a CRECHE_TEST.
template <typename Body>
std::string FailuresInRun(Body body) {
  return FailuresOf([&] { internal::RunTestBody(__FILE__, __LINE__, body); });
}

}  // namespace creche

#endif  // CRECHE_TESTS_TESTING_FAILURES_OF_H_
