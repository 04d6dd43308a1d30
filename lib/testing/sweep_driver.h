// SPDX-License-Identifier: Apache-2.0
//
// SweepDriver: what CancelEverywhere() and FailEverywhere() have in common:
// runs of a body in which something is done to it, each time in another place.

#ifndef CRECHE_LIB_TESTING_SWEEP_DRIVER_H_
#define CRECHE_LIB_TESTING_SWEEP_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>

#include "gtest/gtest.h"
#include "lib/testing/checked_run.h"
#include "lib/testing/descriptor_ledger.h"

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

// A call of CancelEverywhere() or FailEverywhere().
struct SweepCall {
  const char* function;  // Which of them.
  std::source_location location;
  const char* places;  // Where something is done: "cancel points".
  std::optional<std::uint64_t> schedule_seed;
  std::size_t max_failures;
  const char* option_to_allow_none;  // Its name.
  bool allows_none;
};

// A sweep that tests nothing is a failure. How much each has tested is told
// with every failure, and is a property of the test: "FailEverywhere_line_7"
// is "6 kernel operations, 60 runs".
class SweepDriver {
 public:
  // Aborts if the call is inside a run.
  SweepDriver(const SweepCall& call,
              const std::function<void(std::size_t)>& check);
  SweepDriver(const SweepDriver&) = delete;
  SweepDriver& operator=(const SweepDriver&) = delete;
  ~SweepDriver();

  // The first run, in which nothing is done. Returns whether there is any use
  // in others.
  bool RunUndisturbed(SweepRun& run);

  // That run has come to so many places, of which `own` are the body's own, not
  // such as any body has. Returns whether there is anything to sweep.
  bool SetPlaces(std::size_t count, std::size_t own);

  // A sweep: runs make(k) for k = 1, 2 ... up to the first place that is not
  // reached any more, or until there are too many failures. What is done may be
  // impossible at all places only if `is_always_possible` is false.
  using Make = std::function<std::unique_ptr<SweepRun>(std::size_t)>;
  void Sweep(const Make& make, bool is_always_possible = true);

 private:
  static std::uint64_t SeedOutsideOfRuns(const SweepCall& call);

  // Returns false if anything was wrong.
  bool RunAt(std::size_t k, SweepRun& run);
  CheckedRunResult RunOnce(SweepRun& run);
  std::string Places() const;

  const SweepCall call_;
  const std::uint64_t seed_;
  const std::function<void(std::size_t)>& check_;
  std::size_t places_ = 0;
  std::size_t of_every_body_ = 0;  // Those among them that are not its own.
  std::size_t runs_ = 0;           // In which something was done.
  DescriptorLedger descriptors_;
  const ::testing::ScopedTrace trace_;
  std::optional<::testing::ScopedTrace> places_trace_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_SWEEP_DRIVER_H_
