// SPDX-License-Identifier: Apache-2.0

#include "creche/debug/trace_recorder.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/clock.h"

namespace creche {
namespace {

// JSON strings, RFC 8259 section 7.
std::string JsonEscaped(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      escaped += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&escaped, "\\u%04x", c);
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string XmlEscaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// The picture, in pixels.
constexpr int kLabelWidth = 160;
constexpr int kTimeWidth = 800;
constexpr int kRowHeight = 24;
constexpr int kBarHeight = 14;
constexpr int kAxisHeight = 30;
constexpr int kTicks = 5;
constexpr double kLeastStepWidth = 2;

}  // namespace

void TraceRecorder::BeforeRun() {
  tasks_.clear();
  living_.clear();
  start_ = end_ = Now();
}

void TraceRecorder::AfterRun() { end_ = Now(); }

void TraceRecorder::TaskSpawned(const TaskId& task) {
  living_[task.id()] = tasks_.size();
  std::string name(task.name());
  if (name.empty()) {
    name = tasks_.empty() ? "main" : absl::StrCat("task ", tasks_.size());
  }
  tasks_.push_back(Task{std::move(name), Span{Now()}, {}});
}

void TraceRecorder::StepBegins(const TaskId& task) {
  Living(task).steps.push_back(Span{Now()});
}

void TraceRecorder::StepEnds(const TaskId& task) {
  end_ = Living(task).steps.back().end = Now();
}

void TraceRecorder::TaskExited(const TaskId& task) {
  StepEnds(task);
  Living(task).life.end = end_;
  living_.erase(task.id());
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
        "\"name\":\"%s\"},\n",
        row, begin, MicrosecondsAt(span.end) - begin, JsonEscaped(name));
  };
  for (size_t row = 0; row < tasks_.size(); ++row) {
    const Task& task = tasks_[row];
    absl::StrAppendFormat(
        &events,
        "{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\","
        "\"args\":{\"name\":\"%s\"}},\n",
        row, JsonEscaped(task.name));
    add_span(row, task.life, task.name);
    for (const Span& step : task.steps) add_span(row, step, "step");
  }
  if (!events.empty()) events.resize(events.size() - 2);  // The last comma.
  return absl::StrCat("{\"traceEvents\":[\n", events, "\n]}\n");
}

std::string TraceRecorder::Svg() const {
  const double total = std::max(MicrosecondsAt(end_), 1e-3);
  const auto x_at = [&](absl::Time time) {
    return kLabelWidth + MicrosecondsAt(time) / total * kTimeWidth;
  };
  const int rows_height = kRowHeight * static_cast<int>(tasks_.size());
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
      kLabelWidth + kTimeWidth + 60, rows_height + kAxisHeight);
  for (size_t row = 0; row < tasks_.size(); ++row) {
    const Task& task = tasks_[row];
    const int y = kRowHeight * static_cast<int>(row) + 5;
    const double begin = x_at(task.life.begin);
    absl::StrAppendFormat(
        &svg,
        "<text x=\"8\" y=\"%d\">%s</text>\n"
        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" "
        "fill=\"#c9d8ee\"/>\n",
        y + kBarHeight - 3, XmlEscaped(task.name), begin, y,
        std::max(x_at(task.life.end) - begin, kLeastStepWidth), kBarHeight);
    for (const Span& step : task.steps) {
      const double at = x_at(step.begin);
      absl::StrAppendFormat(
          &svg,
          "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
          "fill=\"#2f5d9b\"/>\n",
          at, y, std::max(x_at(step.end) - at, kLeastStepWidth), kBarHeight);
    }
  }
  for (int tick = 0; tick <= kTicks; ++tick) {
    const absl::Time time = start_ + (end_ - start_) * tick / kTicks;
    absl::StrAppendFormat(
        &svg,
        "<line x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%d\" stroke=\"#ddd\"/>\n"
        "<text x=\"%.1f\" y=\"%d\" fill=\"#555\">%s</text>\n",
        x_at(time), x_at(time), rows_height, x_at(time), rows_height + 18,
        absl::FormatDuration(
            absl::Trunc(time - start_, absl::Microseconds(1))));
  }
  return svg + "</svg>\n";
}

}  // namespace creche
