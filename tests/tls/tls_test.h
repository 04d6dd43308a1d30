// SPDX-License-Identifier: Apache-2.0
//
// TLS_TEST: a CRECHE_TEST whose body returns a Status, so that Try() works in
// it.

#ifndef CRECHE_TESTS_TLS_TLS_TEST_H_
#define CRECHE_TESTS_TLS_TLS_TEST_H_

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"

#define TLS_TEST(suite, name)                                  \
  static ::creche::Task<absl::Status> suite##_##name##_Body(); \
  TEST(suite, name) {                                          \
    ::creche::internal::RunTestBody(__FILE__, __LINE__,        \
                                    &suite##_##name##_Body);   \
  }                                                            \
  static ::creche::Task<absl::Status> suite##_##name##_Body()

#endif  // CRECHE_TESTS_TLS_TLS_TEST_H_
