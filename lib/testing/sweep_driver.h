// SPDX-License-Identifier: Apache-2.0
//
// SweepDriver: what CancelEverywhere() and FailEverywhere() have in common:
// runs of a body in which something is done to it, each time in another place.

#ifndef CRECHE_LIB_TESTING_SWEEP_DRIVER_H_
#define CRECHE_LIB_TESTING_SWEEP_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>

#include "gtest/gtest.h"
#include "lib/testing/checked_run.h"

namespace creche::internal {

// One run of a sweep.
class SweepRun {
 public:
  virtual ~SweepRun() = default;

  // "the run is cancelled at cancel point 3"
  virtual std::string what() const = 0;
  // Whether that has been done; and the place, as far as it is known.
  virtual bool was_done() const = 0;
  virtual std::string where() const = 0;

  virtual CheckedRunResult Run(std::uint64_t schedule_seed) = 0;
};

class SweepDriver {
 public:
  // `function` is what the test has called, at `location`. Aborts if that is
  // inside a run.
  SweepDriver(const char* function, const std::source_location& location,
              std::optional<std::uint64_t> schedule_seed,
              std::size_t max_failures,
              const std::function<void(std::size_t)>& check);

  // The first run, in which nothing is done. Returns whether there is any use
  // in others.
  bool RunUndisturbed(SweepRun& run);

  // Runs make(k) for k = 1, 2 ... as long as go_on(k, run) says so, or until
  // there are too many failures. Then there may be more at other `places`.
  template <typename Make, typename GoOn>
  void Sweep(const char* places, Make make, GoOn go_on) {
    std::size_t failures = 0;
    for (std::size_t k = 1; failures < max_failures_; ++k) {
      auto run = make(k);
      if (!RunAt(k, *run)) ++failures;
      if (!go_on(k, *run)) return;
    }
    ADD_FAILURE() << "and perhaps at other " << places
                  << ", which were not tried";
  }

 private:
  static std::uint64_t SeedOutsideOfRuns(const char* function,
                                         std::optional<std::uint64_t> seed);

  // Returns false if anything was wrong.
  bool RunAt(std::size_t k, SweepRun& run);
  CheckedRunResult RunOnce(SweepRun& run);

  const char* const function_;
  const std::uint64_t seed_;
  const std::size_t max_failures_;
  const std::function<void(std::size_t)>& check_;
  const ::testing::ScopedTrace trace_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_SWEEP_DRIVER_H_
