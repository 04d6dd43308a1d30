// SPDX-License-Identifier: Apache-2.0

#include "lib/debug_page/run_state.h"

#include <source_location>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "creche/core/backend.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/statistics.h"
#include "creche/debug/run_meter.h"
#include "lib/core/file_of.h"
#include "lib/core/scheduler.h"
#include "lib/core/task_lines.h"
#include "lib/debug/json.h"
#include "lib/debug/task_places.h"

namespace creche::internal {
namespace {

// More than that nobody reads.
constexpr TreeLimits kShown = {.lines = 2000, .children = 200};

std::string Seconds(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return "null";
  return absl::StrFormat("%.9g", absl::ToDoubleSeconds(duration));
}

const char* Bool(bool value) { return value ? "true" : "false"; }

const char* NameOf(Backend backend) {
  switch (backend) {
    case Backend::kUring:
      return "io_uring";
    case Backend::kEpoll:
      return "epoll";
    case Backend::kAuto:
      break;
  }
  return "a port of its own";
}

const char* NameOf(TaskRecord::State state) {
  switch (state) {
    case TaskRecord::State::kNew:
      return "new";
    case TaskRecord::State::kRunnable:
      return "runnable";
    case TaskRecord::State::kRunning:
      return "running";
    case TaskRecord::State::kWaiting:
      return "waiting";
    case TaskRecord::State::kAborting:
      return "aborting";
  }
  return "";
}

std::string StatisticsJson(const RunStatistics& now) {
  return absl::StrCat(
      "{\"tasks_living\":", now.tasks_living,
      ",\"tasks_runnable\":", now.tasks_runnable,
      ",\"deadlines\":", now.deadlines, ",\"operations\":", now.operations,
      ",\"until_next_deadline\":", Seconds(now.until_next_deadline),
      ",\"backend\":", JsonString(NameOf(now.backend)), "}");
}

std::string HistogramJson(const DurationHistogram& histogram) {
  const std::string buckets = absl::StrJoin(
      histogram.Buckets(), ",",
      [](std::string* out, const DurationHistogram::Bucket& bucket) {
        absl::StrAppend(out, "{\"from\":", Seconds(bucket.shortest),
                        ",\"to\":", Seconds(bucket.longest),
                        ",\"count\":", bucket.count, "}");
      });
  return absl::StrCat("{\"count\":", histogram.count(),
                      ",\"p50\":", Seconds(histogram.Percentile(0.5)),
                      ",\"p99\":", Seconds(histogram.Percentile(0.99)),
                      ",\"longest\":", Seconds(histogram.longest()),
                      ",\"buckets\":[", buckets, "]}");
}

// The co_awaits that the task stands at, innermost first. Of the task that runs
// only those of its callers are known.
std::string PlacesJson(const TaskRecord& task) {
  Frame innermost = task.leaf();
  if (task.state() == TaskRecord::State::kRunning) {
    innermost = running.frame ? CallerOf(running.frame) : Frame();
  }
  return absl::StrJoin(TaskPlaces(innermost).ToVector(), ",",
                       [](std::string* out, const std::source_location& place) {
                         absl::StrAppend(
                             out, "{\"file\":", JsonString(FileOf(place)),
                             ",\"line\":", place.line(), "}");
                       });
}

std::string TaskJson(const TaskRecord& task) {
  const absl::string_view name = task.name_to_show();
  const bool waits = task.state() != TaskRecord::State::kRunning;
  return absl::StrCat(
      "\"kind\":\"task\",\"id\":", task.id(), ",\"name\":", JsonString(name),
      ",\"state\":", JsonString(NameOf(task.state())), ",\"waits_for\":",
      waits ? JsonString(task.waits_for()) : std::string("null"), ",\"at\":[",
      PlacesJson(task), "]");
}

std::string ScopeJson(const CancelNode& scope) {
  const std::string deadline =
      scope.deadline() == kNever
          ? "null"
          : Seconds(absl::Nanoseconds(scope.deadline() - ClockNow()));
  return absl::StrCat(
      "\"kind\":", scope.tasks() != nullptr ? "\"nursery\"" : "\"scope\"",
      ",\"deadline_in\":", deadline, ",\"shielded\":", Bool(scope.shield()),
      ",\"cancelled\":", Bool(scope.is_cancelled()),
      ",\"cancelled_itself\":", Bool(scope.cancel_called()),
      ",\"reason\":", JsonString(scope.reason()));
}

std::string LineJson(const TaskLine& line) {
  std::string json = absl::StrCat("{\"depth\":", line.depth, ",");
  if (line.task != nullptr) {
    absl::StrAppend(&json, TaskJson(*line.task));
  } else if (line.scope != nullptr) {
    absl::StrAppend(&json, ScopeJson(*line.scope));
  } else {
    absl::StrAppend(&json, "\"kind\":\"more\",\"tasks\":", line.not_listed);
  }
  return json + "}";
}

}  // namespace

std::string RunStateJson(const RunMeter& meter, absl::Duration measured_for) {
  const std::string tree = absl::StrJoin(
      ListTasks(running.scheduler->root(), kShown), ",\n",
      [](std::string* out, const TaskLine& line) { *out += LineJson(line); });
  return absl::StrCat(
      "{\"statistics\":", StatisticsJson(statistics()),
      ",\n\"measured_for\":", Seconds(measured_for),
      ",\n\"steps\":", HistogramJson(meter.steps()),
      ",\n\"queue_delays\":", HistogramJson(meter.queue_delays()),
      ",\n\"tree\":[\n", tree, "\n]}\n");
}

}  // namespace creche::internal
