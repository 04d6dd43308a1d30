// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/cancel_everywhere.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/clock.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/internal/misuse.h"
#include "creche/internal/running.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"
#include "lib/testing/cancel_points.h"
#include "lib/testing/checked_run.h"
#include "lib/testing/lazy_uring_port.h"
#include "lib/testing/schedule_seed.h"

namespace creche::internal {
namespace {

using creche::internal::running;

// A way to cancel a body at a point. Start() runs it inside of what Act()
// cancels; Act() is called at most once, possibly before Start().
class Sweep : public RepeatedBody {
 public:
  Sweep(RepeatedBody& body, std::size_t k) : body_(body), points_(k) {
    points_.set_action([this] { Act(); });
  }

  virtual const char* what() const = 0;
  CancelPoints& points() { return points_; }

  Task<absl::Status> Start() override {
    absl::Status status = co_await body_.Start();
    points_.Stop();
    co_return status;
  }

 protected:
  virtual void Act() = 0;

 private:
  RepeatedBody& body_;
  CancelPoints points_;
};

class CancelNothing final : public Sweep {
 public:
  explicit CancelNothing(RepeatedBody& body) : Sweep(body, 0) {}
  const char* what() const override { return "nothing is cancelled"; }
  void Act() override {}
};

class CancelTheRun final : public Sweep {
 public:
  using Sweep::Sweep;
  const char* what() const override { return "the run is cancelled"; }
  void Act() override { running.scheduler->root().Cancel("CancelEverywhere"); }
};

class ExpireADeadline final : public Sweep {
 public:
  using Sweep::Sweep;
  const char* what() const override { return "a deadline expires"; }
  void Act() override { scope_.set_deadline(Now()); }

  Task<absl::Status> Start() override {
    std::optional<absl::Status> completed = co_await scope_.Run(Sweep::Start());
    co_return completed.value_or(absl::OkStatus());
  }

 private:
  CancelScope scope_;
};

class FailASibling final : public Sweep {
 public:
  using Sweep::Sweep;
  const char* what() const override { return "a sibling fails"; }
  void Act() override {
    fails_ = true;
    lot_.UnparkAll();
  }

  Task<absl::Status> Start() override {
    auto sibling = [this]() -> Task<absl::Status> {
      if (!fails_ && !is_over_) co_await lot_.Park();
      if (fails_) co_return absl::AbortedError("CancelEverywhere");
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      nursery.StartSoon(Named(CancelPoints::kIgnoredTask, sibling));
      absl::Status status = co_await Sweep::Start();
      is_over_ = true;
      lot_.UnparkAll();
      co_return status;
    };
    co_return co_await WithNursery(body);
  }

 private:
  bool fails_ = false;
  bool is_over_ = false;
  ParkingLot lot_;
};

class CancelTheInnermostScope final : public Sweep {
 public:
  using Sweep::Sweep;
  const char* what() const override {
    return "the innermost scope is cancelled";
  }
  // A shield may be one that nobody can cancel.
  void Act() override {
    creche::internal::CancelNode& scope = *running.task->scope();
    if (!scope.shield()) scope.Cancel("CancelEverywhere");
  }
};

// Says where a run stands when the library aborts the process in it.
thread_local const std::string* current_run = nullptr;
thread_local const CancelPoints* current_points = nullptr;

std::string DescribeCurrentRun() {
  return absl::StrCat("  in a run of CancelEverywhere: ", *current_run,
                      current_points->was_reached()
                          ? absl::StrCat(": ", current_points->description())
                          : std::string());
}

class CancelSweeps {
 public:
  CancelSweeps(RepeatedBody& body,
               const std::function<void(std::size_t)>& check,
               const CancelEverywhereOptions& options)
      : body_(body),
        check_(check),
        options_(options),
        port_(options.port != nullptr ? *options.port : lazy_port_),
        seed_(options.schedule_seed.value_or(ChooseScheduleSeed())) {}

  std::size_t Run(const std::source_location& location) {
    ::testing::ScopedTrace trace(
        location.file_name(), static_cast<int>(location.line()),
        absl::StrCat("CancelEverywhere, CRECHE_SCHEDULE_SEED=", seed_));
    const std::size_t count = CountPoints();
    if (count == 0) return 0;
    SweepAll<CancelTheRun>();
    SweepAll<ExpireADeadline>();
    SweepAll<FailASibling>();
    if (options_.inner_scopes) SweepAll<CancelTheInnermostScope>();
    return count;
  }

 private:
  // The number of cancel points, or 0 if there is no use in going on.
  std::size_t CountPoints() {
    CancelNothing sweep(body_);
    const std::string run = sweep.what();
    const CheckedRunResult result = RunOnce(sweep, run);
    for (const std::string& problem : result.problems) {
      ADD_FAILURE() << "when " << run << ": " << problem;
    }
    if (!result.status.ok()) {
      ADD_FAILURE() << "the body fails even when " << run << ": "
                    << result.status;
      return 0;
    }
    return result.problems.empty() ? sweep.points().count() : 0;
  }

  template <typename Way>
  void SweepAll() {
    std::size_t failures = 0;
    for (std::size_t k = 1; failures < options_.max_failures; ++k) {
      Way sweep(body_, k);
      const std::string run =
          absl::StrCat(sweep.what(), " at cancel point ", k);
      ::testing::ScopedTrace trace(__FILE__, __LINE__, run);
      const CheckedRunResult result = RunOnce(sweep, run);
      const std::string& where = sweep.points().description();
      for (const std::string& problem : result.problems) {
        ADD_FAILURE() << run << " (" << where << "): " << problem;
      }
      if (!sweep.points().was_reached()) return;
      if (!result.problems.empty()) ++failures;
      ::testing::ScopedTrace where_trace(__FILE__, __LINE__, where);
      check_(k);
    }
    ADD_FAILURE() << "and perhaps at other points, which were not tried";
  }

  CheckedRunResult RunOnce(Sweep& sweep, const std::string& run) {
    current_run = &run;
    current_points = &sweep.points();
    creche::internal::SetMisuseContext(&DescribeCurrentRun);
    CheckedRunResult result =
        RunChecked(sweep, port_, seed_, {&sweep.points()});
    creche::internal::SetMisuseContext(nullptr);
    return result;
  }

  RepeatedBody& body_;
  const std::function<void(std::size_t)>& check_;
  const CancelEverywhereOptions& options_;
  LazyUringPort lazy_port_;
  EventPort& port_;
  const std::uint64_t seed_;
};

}  // namespace

std::size_t RunCancelSweeps(RepeatedBody& body,
                            const std::function<void(std::size_t)>& check,
                            const CancelEverywhereOptions& options,
                            const std::source_location& location) {
  if (running.scheduler != nullptr) {
    creche::internal::Misuse(
        "CancelEverywhere() runs its body itself: call it from a TEST, not "
        "from inside a run");
  }
  return CancelSweeps(body, check, options).Run(location);
}

}  // namespace creche::internal
