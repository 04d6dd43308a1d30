// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/debug/, compiled.

#include <fstream>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace debug_examples {

void TaskTree() {
  creche::DumpTasks(std::cerr);
  std::cerr << creche::TaskTree();
}

creche::Task<> Main() { co_return; }

absl::Status StallWatchdog() {
  creche::StallWatchdog watchdog(absl::Milliseconds(100));
  absl::Status status = creche::Run({.instruments = {&watchdog}}, Main);
  return status;
}

void RefuseNewClients() {}

void ReadRunMeter(const creche::RunMeter& meter) {
  // In a task of the run:
  const creche::MeteredStatistics now = meter.Snapshot();
  if (now.queue_delay_p99 > absl::Milliseconds(10)) RefuseNewClients();
}

absl::Status RunMeter() {
  creche::RunMeter meter;
  absl::Status status = creche::Run({.instruments = {&meter}}, Main);
  ReadRunMeter(meter);
  return status;
}

absl::Status TraceRecorder() {
  creche::TraceRecorder trace;
  absl::Status status = creche::Run({.instruments = {&trace}}, Main);
  std::ofstream("trace.json") << trace.ChromeTrace();
  std::ofstream("trace.svg") << trace.Svg();
  return status;
}

creche::Task<> TraceSpan(creche::TraceRecorder& trace, std::string url) {
  creche::TraceSpan span(trace, "fetch " + url);
  co_await creche::Checkpoint();
}

}  // namespace debug_examples
