// SPDX-License-Identifier: Apache-2.0
//
// TraceRecorder: writes down when each task lived and ran, as a trace for
// Perfetto (ui.perfetto.dev) or Chrome (chrome://tracing), or as a picture.
//
//   creche::TraceRecorder trace;
//   absl::Status status = creche::Run({.instruments = {&trace}}, Main);
//   std::ofstream("trace.json") << trace.ChromeTrace();
//   std::ofstream("trace.svg") << trace.Svg();
//
// What a task is busy with is not seen from outside. TraceSpan says it:
//
//   creche::TraceSpan span(trace, "fetch " + url);

#ifndef CRECHE_DEBUG_TRACE_RECORDER_H_
#define CRECHE_DEBUG_TRACE_RECORDER_H_

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/instrument.h"

namespace creche {

// Times are of the run's clock: on a MockClock, virtual time. Keeps all of it:
// not for long runs.
class TraceRecorder : public Instrument {
 public:
  // Called by the run.
  void BeforeRun() override;
  void AfterRun() override;
  void TaskSpawned(const TaskId& task) override;
  void StepBegins(const TaskId& task) override;
  void StepEnds(const TaskId& task) override;
  void TaskExited(const TaskId& task) override;

  // Notes that something happens now, for all to see.
  void Mark(absl::string_view what);

  // JSON in the Trace Event Format: a row for each task, with its life and,
  // inside it, its spans and its steps.
  std::string ChromeTrace() const;

  // A self-contained picture, for light and dark pages. For each task a bar for
  // its life, marks where it runs, and a bar for each of its spans: whether it
  // was cancelled, and up to when it might have lasted. Children are indented.
  std::string Svg() const;

 private:
  friend class TraceSpan;

  static constexpr size_t kNobody = static_cast<size_t>(-1);

  struct Span {
    absl::Time begin;
    absl::Time end = absl::InfiniteFuture();
  };
  struct NamedSpan : Span {
    std::string name;
    int depth = 0;                                 // In how many others.
    absl::Time deadline = absl::InfiniteFuture();  // As seen at its begin.
    bool was_cancelled = false;
  };
  struct Task {
    std::string name;
    size_t parent = kNobody;  // By whose step it was started.
    int depth = 0;            // Below how many others.
    Span life;
    std::vector<Span> steps;
    std::vector<NamedSpan> spans;
    int open_spans = 0;
  };
  struct MarkedTime {
    absl::Time time;
    std::string what;
  };
  class Picture;

  Task& Living(const TaskId& task) { return tasks_[living_.at(task.id())]; }
  // From the start of the run; what has not ended, ends with what is recorded.
  double MicrosecondsAt(absl::Time time) const;

  absl::Time start_;
  absl::Time end_;
  std::vector<Task> tasks_;                         // In order of birth.
  std::unordered_map<const void*, size_t> living_;  // Index by TaskId::id().
  std::vector<MarkedTime> marks_;
  size_t running_ = kNobody;
};

// While it lives, the running task is busy with what it is named. It knows the
// deadline it has for that. A local variable of a coroutine; must not outlive
// the recorder.
class TraceSpan {
 public:
  // Begins now, in the running task.
  TraceSpan(TraceRecorder& trace, absl::string_view name);
  TraceSpan(const TraceSpan&) = delete;
  TraceSpan& operator=(const TraceSpan&) = delete;
  // Ends it: as cancelled, if the task has been cancelled by now and Complete()
  // was not called.
  ~TraceSpan();

  // Says that the work was completed, whatever comes now.
  void Complete() { is_complete_ = true; }

 private:
  TraceRecorder& trace_;
  size_t task_;
  size_t span_ = 0;
  bool is_complete_ = false;
};

}  // namespace creche

#endif  // CRECHE_DEBUG_TRACE_RECORDER_H_
