// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/trace_recorder.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/clock.h"
#include "lib/debug/json.h"

namespace creche {

void TraceRecorder::BeforeRun() {
  tasks_.clear();
  living_.clear();
  marks_.clear();
  running_ = kNobody;
  start_ = end_ = Now();
}

void TraceRecorder::AfterRun() { end_ = Now(); }

void TraceRecorder::TaskSpawned(const TaskId& task) {
  living_[task.id()] = tasks_.size();
  std::string name(task.name());
  if (name.empty()) name = absl::StrCat("task ", tasks_.size());
  Task& born = tasks_.emplace_back();
  born.name = std::move(name);
  born.parent = running_;
  if (running_ != kNobody) born.depth = tasks_[running_].depth + 1;
  born.life.begin = Now();
}

void TraceRecorder::StepBegins(const TaskId& task) {
  running_ = living_.at(task.id());
  tasks_[running_].steps.push_back(Span{Now()});
}

void TraceRecorder::StepEnds(const TaskId& task) {
  end_ = Living(task).steps.back().end = Now();
  running_ = kNobody;
}

void TraceRecorder::TaskExited(const TaskId& task) {
  StepEnds(task);
  Living(task).life.end = end_;
  living_.erase(task.id());
}

void TraceRecorder::Mark(absl::string_view what) {
  marks_.push_back(MarkedTime{Now(), std::string(what)});
}

TraceSpan::TraceSpan(TraceRecorder& trace, absl::string_view name)
    : trace_(trace), task_(trace.running_) {
  if (task_ == TraceRecorder::kNobody) return;
  TraceRecorder::Task& task = trace_.tasks_[task_];
  span_ = task.spans.size();
  TraceRecorder::NamedSpan& span = task.spans.emplace_back();
  span.name = std::string(name);
  span.begin = Now();
  span.depth = task.open_spans++;
  span.deadline = CurrentEffectiveDeadline();
}

TraceSpan::~TraceSpan() {
  if (task_ == TraceRecorder::kNobody) return;
  TraceRecorder::Task& task = trace_.tasks_[task_];
  TraceRecorder::NamedSpan& span = task.spans[span_];
  span.end = Now();
  span.was_cancelled = !is_complete_ && CurrentlyCancelled();
  --task.open_spans;
}

double TraceRecorder::MicrosecondsAt(absl::Time time) const {
  return absl::ToDoubleMicroseconds(std::min(time, end_) - start_);
}

std::string TraceRecorder::ChromeTrace() const {
  std::string events;
  const auto add_span = [&](size_t row, const Span& span,
                            absl::string_view name) {
    const double begin = MicrosecondsAt(span.begin);
    absl::StrAppendFormat(
        &events,
        "{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
        "\"name\":%s},\n",
        row, begin, MicrosecondsAt(span.end) - begin,
        internal::JsonString(name));
  };
  for (size_t row = 0; row < tasks_.size(); ++row) {
    const Task& task = tasks_[row];
    absl::StrAppendFormat(
        &events,
        "{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\","
        "\"args\":{\"name\":%s}},\n",
        row, internal::JsonString(task.name));
    add_span(row, task.life, task.name);
    for (const NamedSpan& span : task.spans) add_span(row, span, span.name);
    for (const Span& step : task.steps) add_span(row, step, "step");
  }
  for (const MarkedTime& mark : marks_) {
    absl::StrAppendFormat(
        &events,
        "{\"ph\":\"i\",\"pid\":1,\"tid\":0,\"s\":\"g\",\"ts\":%.3f,"
        "\"name\":%s},\n",
        MicrosecondsAt(mark.time), internal::JsonString(mark.what));
  }
  if (!events.empty()) events.resize(events.size() - 2);  // The last comma.
  return absl::StrCat("{\"traceEvents\":[\n", events, "\n]}\n");
}

}  // namespace creche
