// SPDX-License-Identifier: Apache-2.0
//
// RunTestBody(): the run of one CRECHE_TEST.

#ifndef CRECHE_TESTING_INTERNAL_RUN_TEST_BODY_H_
#define CRECHE_TESTING_INTERNAL_RUN_TEST_BODY_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/internal/exceptions.h"
#include "creche/run.h"

namespace creche::internal {

// The run of one test.
class TestRun {
 public:
  TestRun(const char* file, int line);
  TestRun(const TestRun&) = delete;
  TestRun& operator=(const TestRun&) = delete;
  ~TestRun();

  RunOptions options();

  // How the run ended.
  void Report(const absl::Status& status);
  void ReportException();

 private:
  struct Parts;

  std::unique_ptr<Parts> parts_;
};

template <typename Body>
void RunTestBody(const char* file, int line, Body&& body) {
  TestRun run(file, line);
  CRECHE_TRY { run.Report(Run(run.options(), std::forward<Body>(body))); }
  CRECHE_CATCH_ALL {
    run.ReportException();
    CRECHE_RETHROW;
  }
}

}  // namespace creche::internal

#endif  // CRECHE_TESTING_INTERNAL_RUN_TEST_BODY_H_
