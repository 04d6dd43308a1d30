// SPDX-License-Identifier: Apache-2.0
//
// How TraceRecorder draws.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/debug/trace_recorder.h"
#include "lib/debug/utf8.h"

namespace creche {
namespace {

// In pixels.
constexpr int kMargin = 16;
constexpr int kLabelWidth = 130;
constexpr int kTimeWidth = 700;
constexpr int kMarkLabelHeight = 18;
constexpr int kBarHeight = 10;
constexpr int kSpanHeight = 20;
constexpr int kRowGap = 14;
constexpr int kIndent = 14;
constexpr int kAxisHeight = 24;
constexpr int kLegendHeight = 26;
constexpr double kLeastStepWidth = 3;
// Of a letter, roughly: there is no way to measure text here.
constexpr double kLetterWidth = 6.3;

constexpr int kMostTicks = 8;
// A deadline that is further off than this part of the whole is not shown.
constexpr double kLookAhead = 1.3;

// Colours that go with light pages, and others for dark ones.
constexpr char kStyle[] = R"(<style>
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: #24292f }
.page { fill: #ffffff; stroke: #d8dee4 }
.note { font-size: 11px; fill: #57606a }
.grid { stroke: #d8dee4 }
.life { fill: #c8d1da }
.step { fill: #24292f }
.span { fill: #ddf4ff; stroke: #54aeff }
.cancelled { fill: #ffebe9; stroke: #ff8182 }
.rest { stroke: #cf222e; stroke-dasharray: 3 3 }
.deadline { stroke: #cf222e; stroke-width: 2 }
.flag { fill: #cf222e }
.mark { stroke: #8250df; stroke-dasharray: 5 3 }
.marked { fill: #8250df }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .page { fill: #0d1117; stroke: #30363d }
  .note { fill: #8d96a0 }
  .grid { stroke: #30363d }
  .life { fill: #3d444d }
  .step { fill: #e6edf3 }
  .span { fill: #0c2d6b; stroke: #388bfd }
  .cancelled { fill: #67060c; stroke: #f85149 }
  .rest, .deadline { stroke: #ff7b72 }
  .flag { fill: #ff7b72 }
  .mark { stroke: #d2a8ff }
  .marked { fill: #d2a8ff }
}
</style>
)";

// Some characters cannot stand in XML 1.0 at all, not even escaped.
std::string XmlEscaped(absl::string_view text) {
  constexpr const char* kNone = internal::kReplacementCharacter;
  std::string escaped =
      absl::StrReplaceAll(internal::ToUtf8(text), {{"&", "&amp;"},
                                                   {"<", "&lt;"},
                                                   {">", "&gt;"},
                                                   {"\"", "&quot;"},
                                                   {"\xEF\xBF\xBE", kNone},
                                                   {"\xEF\xBF\xBF", kNone}});
  for (char& c : escaped) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') c = ' ';
  }
  return escaped;
}

// 1, 2 or 5 times a power of ten microseconds.
double TickDistance(double microseconds) {
  const double least = microseconds / kMostTicks;
  double distance = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {2.0, 2.5, 2.0}) {
    if (distance < least) distance *= factor;
  }
  return distance;
}

}  // namespace

class TraceRecorder::Picture {
 public:
  explicit Picture(const TraceRecorder& trace)
      : trace_(trace), end_(std::max(MicrosecondsOf(trace.end_), 1e-3)) {
    const double farthest = end_ * kLookAhead;
    for (const Task& task : trace.tasks_) {
      for (const NamedSpan& span : task.spans) {
        const double deadline = MicrosecondsOf(span.deadline);
        if (deadline <= farthest) end_ = std::max(end_, deadline);
      }
    }
  }

  std::string Draw() {
    int rows = kMargin;
    if (!trace_.marks_.empty()) rows += kMarkLabelHeight;
    top_ = y_ = rows;
    std::string tasks;
    for (const size_t task : ParentsFirst()) {
      absl::StrAppend(&tasks, Row(trace_.tasks_[task]));
    }
    const int height = y_ + kAxisHeight + kLegendHeight;
    return absl::StrCat(
        absl::StrFormat(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            "height=\"%d\">\n",
            kWidth, height),
        kStyle, "<rect class=\"page\" x=\"0.5\" y=\"0.5\" rx=\"6\" ",
        absl::StrFormat("width=\"%d\" height=\"%d\"/>\n", kWidth - 1,
                        height - 1),
        Axis(), tasks, Marks(), Legend(), "</svg>\n");
  }

 private:
  static constexpr int kLeft = kMargin + kLabelWidth;
  static constexpr int kWidth = kLeft + kTimeWidth + 2 * kMargin;

  // Every task, followed by its descendants.
  std::vector<size_t> ParentsFirst() const {
    const std::vector<Task>& tasks = trace_.tasks_;
    std::vector<std::vector<size_t>> children(tasks.size());
    std::vector<size_t> left;
    for (size_t i = tasks.size(); i-- > 0;) {
      (tasks[i].parent == kNobody ? left : children[tasks[i].parent])
          .push_back(i);
    }
    std::vector<size_t> order;
    while (!left.empty()) {
      order.push_back(left.back());
      left.pop_back();
      const std::vector<size_t>& next = children[order.back()];
      left.insert(left.end(), next.begin(), next.end());
    }
    return order;
  }

  double MicrosecondsOf(absl::Time time) const {
    return absl::ToDoubleMicroseconds(time - trace_.start_);
  }
  // What has not ended, ends with what is recorded.
  double X(absl::Time time) const {
    const double at = time == absl::InfiniteFuture()
                          ? MicrosecondsOf(trace_.end_)
                          : MicrosecondsOf(time);
    return kLeft + at / end_ * kTimeWidth;
  }

  static std::string Text(double x, int y, absl::string_view text,
                          absl::string_view attributes = "") {
    return absl::StrFormat("<text x=\"%.1f\" y=\"%d\"%s>%s</text>\n", x, y,
                           std::string(attributes), XmlEscaped(text));
  }
  static std::string Bar(absl::string_view css_class, double x, int y,
                         double width, int height, int radius) {
    return absl::StrFormat(
        "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
        "rx=\"%d\"/>\n",
        std::string(css_class), x, y, width, height, radius);
  }
  static std::string Line(absl::string_view css_class, double x1, int y1,
                          double x2, int y2) {
    return absl::StrFormat(
        "<line class=\"%s\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n",
        std::string(css_class), x1, y1, x2, y2);
  }

  std::string Row(const Task& task) {
    int depth = 0;
    for (const NamedSpan& span : task.spans) {
      depth = std::max(depth, span.depth + 1);
    }
    const double begin = X(task.life.begin);
    std::string row = absl::StrCat(
        Text(kMargin + kIndent * task.depth, y_ + kBarHeight - 1, task.name),
        Bar("life", begin, y_, X(task.life.end) - begin, kBarHeight, 3));
    for (const Span& step : task.steps) {
      const double at = X(step.begin);
      const double width = std::max(X(step.end) - at, kLeastStepWidth);
      // Centred, so that a step at the end of its task is not beyond it.
      const double left = step.begin == step.end ? at - width / 2 : at;
      absl::StrAppend(&row, Bar("step", left, y_, width, kBarHeight, 1));
    }
    y_ += kBarHeight + 3;
    for (const NamedSpan& span : task.spans) {
      absl::StrAppend(&row, SpanBar(span, SpanY(span)));
    }
    for (const NamedSpan& span : task.spans) {
      if (!ShowsDeadline(task, span)) continue;
      has_deadlines_ = true;
      absl::StrAppend(&row, DeadlineFlag(span, SpanY(span)));
    }
    y_ += (kSpanHeight + 3) * depth + kRowGap;
    return row;
  }

  int SpanY(const NamedSpan& span) const {
    return y_ + (kSpanHeight + 3) * span.depth;
  }

  std::string SpanBar(const NamedSpan& span, int y) const {
    const double begin = X(span.begin);
    const double end = X(span.end);
    std::string bar =
        Bar(span.was_cancelled ? "cancelled" : "span", begin, y,
            std::max(end - begin, kLeastStepWidth), kSpanHeight, 3);
    // Beside it, if it does not fit in.
    const double width = kLetterWidth * static_cast<double>(span.name.size());
    const bool fits = width + 8 < end - begin;
    absl::StrAppend(&bar, Text(fits ? begin + 6 : end + 10, y + 14, span.name));
    return bar;
  }

  // Of the time that was left, nothing is shown where it is covered by the next
  // span, and no flag that it could be mistaken for.
  bool ShowsDeadline(const Task& task, const NamedSpan& span) const {
    if (span.deadline < span.begin || MicrosecondsOf(span.deadline) > end_) {
      return false;
    }
    return std::none_of(
        task.spans.begin(), task.spans.end(), [&](const NamedSpan& other) {
          return other.depth == span.depth && other.begin >= span.end &&
                 other.begin < span.deadline;
        });
  }

  std::string DeadlineFlag(const NamedSpan& span, int y) const {
    const double end = X(span.end);
    const double deadline = X(span.deadline);
    const int middle = y + kSpanHeight / 2;
    std::string flag;
    if (deadline > end) flag = Line("rest", end, middle, deadline, middle);
    return absl::StrCat(flag, Flag(deadline, y - 2, kSpanHeight + 3));
  }

  static std::string Flag(double x, int y, int height) {
    return absl::StrCat(
        Line("deadline", x, y, x, y + height),
        absl::StrFormat(
            "<path class=\"flag\" d=\"M%.1f %d l7 3.5 l-7 3.5z\"/>\n", x, y));
  }

  std::string Axis() const {
    std::string axis;
    const double distance = TickDistance(end_);
    for (double at = 0; at <= end_ * 1.0001; at += distance) {
      const double x = kLeft + at / end_ * kTimeWidth;
      absl::StrAppend(
          &axis, Line("grid", x, top_ - 4, x, y_),
          Text(x, y_ + 16, absl::FormatDuration(absl::Microseconds(at)),
               " class=\"note\" text-anchor=\"middle\""));
    }
    return axis;
  }

  std::string Marks() const {
    std::string marks;
    for (const MarkedTime& mark : trace_.marks_) {
      const double x = X(mark.time);
      const double width = kLetterWidth * static_cast<double>(mark.what.size());
      const bool fits = x + width < kWidth - kMargin;
      absl::StrAppend(&marks, Line("mark", x, top_ - 8, x, y_),
                      Text(x + (fits ? -3 : 3), top_ - 12, mark.what,
                           fits ? " class=\"marked\""
                                : " class=\"marked\" text-anchor=\"end\""));
    }
    return marks;
  }

  // What is in the picture, explained.
  std::string Legend() const {
    bool completed = false, cancelled = false;
    for (const Task& task : trace_.tasks_) {
      for (const NamedSpan& span : task.spans) {
        (span.was_cancelled ? cancelled : completed) = true;
      }
    }
    const int y = y_ + kAxisHeight + 4;
    double x = kLeft;
    std::string legend;
    const auto add = [&](const std::string& sign, absl::string_view text) {
      absl::StrAppend(&legend, sign,
                      Text(x + 18, y + 9, text, " class=\"note\""));
      x += 18 + kLetterWidth * static_cast<double>(text.size()) + 14;
    };
    add(Bar("life", x, y, 12, kBarHeight, 3), "a task lives");
    add(Bar("step", x + 5, y, kLeastStepWidth, kBarHeight, 1), "it runs");
    if (completed) add(Bar("span", x, y, 12, kBarHeight, 2), "completed");
    if (cancelled) add(Bar("cancelled", x, y, 12, kBarHeight, 2), "cancelled");
    if (has_deadlines_) add(Flag(x + 4, y - 1, kBarHeight + 1), "deadline");
    return legend;
  }

  const TraceRecorder& trace_;
  double end_;  // Of the axis.
  int top_ = 0;
  int y_ = 0;  // Where the next row begins.
  bool has_deadlines_ = false;
};

std::string TraceRecorder::Svg() const { return Picture(*this).Draw(); }

}  // namespace creche
