// SPDX-License-Identifier: Apache-2.0
//
// Failure: how a task has failed, by a Status or by an exception.

#ifndef CRECHE_CORE_INTERNAL_FAILURE_H_
#define CRECHE_CORE_INTERNAL_FAILURE_H_

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace creche::internal {

// How a task has failed.
class Failure {
 public:
  explicit Failure(absl::Status status) : status_(std::move(status)) {}
  explicit Failure(std::exception_ptr exception)
      : exception_(std::move(exception)) {}

  bool is_exception() const { return exception_ != nullptr; }
  std::string Describe() const;

 private:
  friend absl::Status RaiseFailures(std::vector<Failure> failures);

  absl::Status status_;
  std::exception_ptr exception_;
};

// Throws an ExceptionGroup if any failure is an exception; otherwise returns
// what GroupErrors() makes of them.
absl::Status RaiseFailures(std::vector<Failure> failures);

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_FAILURE_H_
