// SPDX-License-Identifier: Apache-2.0
//
// TraceRecorder: writes down when each task lived and ran, as a trace for
// Perfetto (ui.perfetto.dev) or Chrome (chrome://tracing), or as a picture.
//
//   creche::TraceRecorder trace;
//   creche::Run({.instruments = {&trace}}, Main);
//   std::ofstream("trace.json") << trace.ChromeTrace();
//   std::ofstream("trace.svg") << trace.Svg();

#ifndef CRECHE_DEBUG_TRACE_RECORDER_H_
#define CRECHE_DEBUG_TRACE_RECORDER_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "creche/core/instrument.h"

namespace creche {

// Times are of the run's clock: on a MockClock, virtual time. Keeps two times
// and a name for each task, and two times for each step: not for long runs.
class TraceRecorder : public Instrument {
 public:
  // Called by the run.
  void BeforeRun() override;
  void AfterRun() override;
  void TaskSpawned(const TaskId& task) override;
  void StepBegins(const TaskId& task) override;
  void StepEnds(const TaskId& task) override;
  void TaskExited(const TaskId& task) override;

  // JSON in the Trace Event Format: a row for each task, with its life and,
  // inside it, its steps.
  std::string ChromeTrace() const;

  // A self-contained picture: a bar for each task's life, marks for its steps.
  std::string Svg() const;

 private:
  struct Span {
    absl::Time begin;
    absl::Time end = absl::InfiniteFuture();
  };
  struct Task {
    std::string name;
    Span life;
    std::vector<Span> steps;
  };

  Task& Living(const TaskId& task) { return tasks_[living_.at(task.id())]; }
  // From the start of the run; what has not ended, ends with what is recorded.
  double MicrosecondsAt(absl::Time time) const;

  absl::Time start_;
  absl::Time end_;
  std::vector<Task> tasks_;                         // In order of birth.
  std::unordered_map<const void*, size_t> living_;  // Index by TaskId::id().
};

}  // namespace creche

#endif  // CRECHE_DEBUG_TRACE_RECORDER_H_
