// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/cancel_everywhere.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/clock.h"
#include "creche/core/internal/running.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "lib/core/scheduler.h"
#include "lib/testing/cancel_points.h"
#include "lib/testing/checked_run.h"
#include "lib/testing/lazy_kernel_port.h"
#include "lib/testing/sweep_driver.h"

namespace creche::internal {
namespace {

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
    CancelNode& scope = *running.task->scope();
    if (!scope.shield()) scope.Cancel("CancelEverywhere");
  }
};

// A run with such a Sweep.
class CancelRun final : public SweepRun {
 public:
  CancelRun(std::unique_ptr<Sweep> sweep, std::size_t k, EventPort& port,
            Clock* clock)
      : sweep_(std::move(sweep)), k_(k), port_(port), clock_(clock) {}

  std::string what() const override {
    if (k_ == 0) return sweep_->what();
    return absl::StrCat(sweep_->what(), " at cancel point ", k_);
  }
  bool was_done() const override { return sweep_->points().was_reached(); }
  std::string where() const override { return sweep_->points().description(); }
  CheckedRunResult Run(std::uint64_t schedule_seed) override {
    return CheckRun(*sweep_, port_, schedule_seed, {&sweep_->points()}, clock_);
  }

  std::size_t points() const { return sweep_->points().count(); }

 private:
  std::unique_ptr<Sweep> sweep_;
  std::size_t k_;
  EventPort& port_;
  Clock* clock_;
};

template <typename Way>
void SweepAll(SweepDriver& driver, RepeatedBody& body,
              const CancelEverywhereOptions& options, EventPort& port) {
  driver.Sweep([&](std::size_t k) {
    return std::make_unique<CancelRun>(std::make_unique<Way>(body, k), k, port,
                                       options.clock);
  });
}

}  // namespace

std::size_t RunCancelSweeps(RepeatedBody& body,
                            const std::function<void(std::size_t)>& check,
                            const CancelEverywhereOptions& options,
                            const std::source_location& location) {
  SweepDriver driver(
      {"CancelEverywhere", location, "cancel points", options.schedule_seed,
       options.max_failures, "CancelEverywhereOptions::allow_no_points",
       options.allow_no_points},
      check);
  LazyKernelPort lazy_port;
  EventPort& port = options.port != nullptr ? *options.port : lazy_port;
  CancelRun undisturbed(std::make_unique<CancelNothing>(body), 0, port,
                        options.clock);
  if (!driver.RunUndisturbed(undisturbed)) return 0;
  const std::size_t points = undisturbed.points();
  // One is where the body has not begun.
  if (!driver.SetPlaces(points, points - 1)) return 0;
  SweepAll<CancelTheRun>(driver, body, options, port);
  SweepAll<ExpireADeadline>(driver, body, options, port);
  SweepAll<FailASibling>(driver, body, options, port);
  if (options.inner_scopes) {
    SweepAll<CancelTheInnermostScope>(driver, body, options, port);
  }
  return points;
}

}  // namespace creche::internal
