// SPDX-License-Identifier: Apache-2.0
//
// Neighbour: another run, for tests of what crosses over from one to another.

#ifndef CRECHE_TESTS_CORES_NEIGHBOUR_H_
#define CRECHE_TESTS_CORES_NEIGHBOUR_H_

#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/threads/run_handle.h"
#include "gtest/gtest.h"

namespace creche {

// On a thread of its own; outlives the runs that are swept.
class Neighbour {
 public:
  Neighbour() {
    auto begun = began_.get_future();
    thread_ = std::thread([this] {
      EXPECT_THAT(creche::Run([this]() -> Task<> { co_await Main(); }), IsOk());
    });
    begun.wait();
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  ~Neighbour() {
    run_->Post([this] { nursery_->Cancel(); });
    thread_.join();
  }

  // On its thread.
  void Post(absl::AnyInvocable<void()> f) { run_->Post(std::move(f)); }
  // In Post(): starts a task.
  Nursery& nursery() { return *nursery_; }

 private:
  Task<> Main() {
    auto body = [this](Nursery& nursery) -> Task<> {
      nursery_ = &nursery;
      run_ = std::make_unique<RunHandle>(RunHandle::Current());
      began_.set_value();
      co_await SleepForever();
    };
    (void)co_await WithNursery(body);
  }

  std::promise<void> began_;
  std::unique_ptr<RunHandle> run_;
  Nursery* nursery_ = nullptr;
  std::thread thread_;
};

}  // namespace creche

#endif  // CRECHE_TESTS_CORES_NEIGHBOUR_H_
