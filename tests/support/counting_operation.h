// SPDX-License-Identifier: Apache-2.0
//
// CountingOperation: an operation for tests of ports, and how often and how it
// has completed.

#ifndef CRECHE_TESTS_SUPPORT_COUNTING_OPERATION_H_
#define CRECHE_TESTS_SUPPORT_COUNTING_OPERATION_H_

#include "creche/uring/operation_port.h"

namespace creche {

class CountingOperation final : public Operation {
 public:
  using Operation::Operation;

  void Completed(int result, unsigned /*flags*/) override {
    ++completions;
    last_result = result;
  }
  int completions = 0;
  int last_result = 0;
};

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_COUNTING_OPERATION_H_
