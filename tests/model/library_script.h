// SPDX-License-Identifier: Apache-2.0
//
// LibraryRun: a script, run by the library. RunLibrary() says what it is for.

#ifndef CRECHE_TESTS_MODEL_LIBRARY_SCRIPT_H_
#define CRECHE_TESTS_MODEL_LIBRARY_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/parking_lot.h"
#include "creche/core/suspend.h"
#include "creche/core/task.h"
#include "creche/core/task_local.h"
#include "creche/core/task_status.h"
#include "creche/core/try.h"
#include "creche/sync/channel.h"
#include "tests/model/outcome.h"
#include "tests/model/script.h"
#include "tests/support/mocked_run.h"

namespace creche::model {

class LibraryRun {
 public:
  explicit LibraryRun(const Script& script)
      : script_(script),
        scopes_(static_cast<std::size_t>(script.ids)),
        nurseries_(static_cast<std::size_t>(script.ids)),
        starts_(static_cast<std::size_t>(script.ids)) {
    Configure(script.main);
  }

  Trace Run(std::optional<std::uint64_t> seed) {
    start_ = clock_.Now();
    auto main = [this]() -> Task<absl::Status> {
      co_await Try(RunBlock(0, script_.main));
      co_return absl::OkStatus();
    };
    absl::Status status = RunMockedOn(clock_, main, seed);
    Record(status.code() == absl::StatusCode::kCancelled ? "main cancelled"
                                                         : "main ended");
    return std::move(trace_);
  }

 private:
  struct SlowWait {
    Waker waker;
    bool completes;
    bool is_aborting;
  };

  // Tells of the end of a block, however it comes.
  struct BlockGuard {
    LibraryRun* run;
    int id;
    BlockGuard(LibraryRun* r, int i) : run(r), id(i) {}
    ~BlockGuard() { run->Record("end of block " + std::to_string(id)); }
  };

  void Configure(const Block& block) {
    for (const Step& step : block.steps) {
      if (step.op == Op::kScope) {
        CancelScopeOptions options;
        options.shield = step.shield;
        if (step.amount != kNever) options.timeout = absl::Seconds(step.amount);
        scopes_[Index(step.id)] = std::make_unique<CancelScope>(options);
      }
      Configure(step.body);
      Configure(step.cleanup);
    }
  }

  static std::size_t Index(int id) { return static_cast<std::size_t>(id); }

  void Record(std::string what) {
    trace_.push_back(
        Event{static_cast<int>(absl::ToInt64Seconds(clock_.Now() - start_)),
              std::move(what)});
  }
  void RecordResult(const Step& step, const Outcome& outcome) {
    Record("result of " + std::to_string(step.id) + ":" + NamesOf(outcome));
  }
  void RecordExit(const Step& step, bool completed) {
    std::string what = "exit of " + std::to_string(step.id) +
                       (completed ? " completed" : " cancelled");
    if (step.op == Op::kScope)
      what += ", " + Describe(*scopes_[Index(step.id)]);
    Record(what);
  }
  static std::string NameOfReason(const std::string& reason);
  static std::string Describe(const CancelScope& scope) {
    const bool called = scope.cancel_called();
    return std::string(called ? "called" : "") +
           (scope.cancelled_caught() ? " caught" : "") + " (" +
           NameOfReason(scope.reason()) + ")";
  }

  CancelScope* Referred(const Step& step) {
    if (CancelScope* scope = scopes_[Index(step.target)].get()) return scope;
    Nursery* nursery = nurseries_[Index(step.target)];
    return nursery == nullptr ? nullptr : &nursery->cancel_scope();
  }

  Task<absl::Status> RunBlock(int task, const Block& block);
  Task<absl::Status> RunScope(int task, const Step& step);
  Task<absl::Status> RunFailAfter(int task, const Step& step);
  Task<absl::Status> RunCleanup(int task, const Step& step);
  Task<absl::Status> RunNursery(int task, const Step& step);
  Task<absl::Status> RunWhenAll(const Step& step);
  Task<absl::Status> RunRace(const Step& step);
  Task<> RunSend(const Step& step);
  void RecordSend(const absl::Status& sent, const Step& step);
  Task<> RunReceive(const Step& step);
  Task<> RunSelect(const Step& step);
  void ServeChannels();
  Task<absl::Status> RunStart(const Step& step);
  Task<> RunSlow(const Step& step);
  void RunOnScope(const Step& step);
  void FinishSlow();

  const Script& script_;
  MockClock clock_;
  absl::Time start_;
  Trace trace_;
  bool done_ = false;
  std::vector<std::unique_ptr<CancelScope>> scopes_;  // By id, as are these.
  std::vector<Nursery*> nurseries_;
  std::vector<std::optional<TaskStatus<>>> starts_;
  ParkingLot lots_[kLots];
  std::vector<std::shared_ptr<SlowWait>> slow_;
  TaskLocal<int> local_;
  std::pair<Sender<int>, Receiver<int>> channels_[kChannels] = {
      MakeChannel<int>(0), MakeChannel<int>(1), MakeChannel<int>(2)};
};

}  // namespace creche::model

#endif  // CRECHE_TESTS_MODEL_LIBRARY_SCRIPT_H_
