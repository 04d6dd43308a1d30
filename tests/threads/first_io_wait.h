// SPDX-License-Identifier: Apache-2.0
//
// FirstIoWait: tells another thread that a run has nothing left to do.

#ifndef CRECHE_TESTS_THREADS_FIRST_IO_WAIT_H_
#define CRECHE_TESTS_THREADS_FIRST_IO_WAIT_H_

#include <future>
#include <utility>

#include "absl/time/time.h"
#include "creche/core/instrument.h"
#include "creche/run.h"
#include "creche/testing/features_to_test.h"

namespace creche {

class FirstIoWait final : public Instrument {
 public:
  // As RunToTest(), under this instrument.
  template <typename F>
  auto Run(F&& main) {
    RunOptions options;
    options.uring_features = FeaturesToTest();
    options.instruments = {this};
    return creche::Run(std::move(options), std::forward<F>(main));
  }

  // On another thread: until the run waits for its port.
  void Wait() { has_come_.get_future().wait(); }

 private:
  void BeforeIoWait(absl::Duration /*at_most*/) override {
    if (!std::exchange(was_told_, true)) has_come_.set_value();
  }

  bool was_told_ = false;
  std::promise<void> has_come_;
};

}  // namespace creche

#endif  // CRECHE_TESTS_THREADS_FIRST_IO_WAIT_H_
