// SPDX-License-Identifier: Apache-2.0
//
// Outcome: how a body of a script has ended, with and without exceptions.

#ifndef CRECHE_TESTS_MODEL_OUTCOME_H_
#define CRECHE_TESTS_MODEL_OUTCOME_H_

#include <exception>
#include <string>
#include <utility>

#include "absl/status/status.h"

namespace creche::model {

// What Op::kThrow throws.
struct Thrown : std::exception {
  explicit Thrown(std::string what) : what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }
  std::string what_;
};

// How a body has ended: with a Status or with an exception.
struct Outcome {
  absl::Status status;
  std::exception_ptr thrown;

  Outcome() {}  // NOLINT: no aggregate, for g++ 12.

  bool ok() const { return status.ok() && thrown == nullptr; }
};

// Runs `await` (an expression with co_await) into an Outcome.
#if defined(__cpp_exceptions)
#define INTO_OUTCOME(outcome, await)             \
  try {                                          \
    await;                                       \
  } catch (...) {                                \
    (outcome).thrown = std::current_exception(); \
  }
#define RETHROW(outcome) \
  if ((outcome).thrown != nullptr) std::rethrow_exception((outcome).thrown)
#else
#define INTO_OUTCOME(outcome, await) await
#define RETHROW(outcome) static_cast<void>(0)
#endif

// The errors in it, each after a blank, by the names that scripts have for
// them.
std::string NamesOf(const Outcome& outcome);

}  // namespace creche::model

#endif  // CRECHE_TESTS_MODEL_OUTCOME_H_
