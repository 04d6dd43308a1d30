// SPDX-License-Identifier: Apache-2.0
//
// The works on creche that need the kernel or count memory. The others are
// Google Benchmarks: see //benchmarks:budgets.
//
//   creche --list | WORK          see peers/work.h
//   creche echo | storm           a server
//   creche copy FROM TO           copies a file

#include "creche/creche.h"

#include <liburing.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <thread>

#include "benchmarks/peers/allocations.h"
#include "benchmarks/peers/creche/server.h"
#include "benchmarks/peers/creche/tls.h"
#include "benchmarks/peers/work.h"
#include "creche/io/copy_file.h"

namespace creche::benchmarks {
namespace {

constexpr int kAlive = 1000;
constexpr int kBlocked = 100'000;
constexpr int kBatch = 64;
constexpr int kNops = 1000;
constexpr int kWakes = 1000;

// As NanosecondsEach(), inside a run.
double NanosecondsEachInRun(double count, Task<> (*step)()) {
  double result = 0;
  auto main = [&]() -> Task<> {
    co_await step();
    double operations = 0;
    double elapsed = 0;
    const double start = NowSeconds();
    do {
      co_await step();
      operations += count;
      elapsed = NowSeconds() - start;
    } while (elapsed < kMeasureSeconds);
    result = elapsed / operations * 1e9;
  };
  const absl::Status status = Run(main);
  if (!status.ok()) std::cerr << status << "\n";
  return result;
}

void PrepareNop(io_uring_sqe& entry) { io_uring_prep_nop(&entry); }

Task<> OneByOne() {
  for (int i = 0; i < kNops; ++i) {
    const int result = co_await Uring(PrepareNop);
    static_cast<void>(result);
  }
}

Task<> BatchByBatch() {
  auto body = [](Nursery& nursery) -> Task<> {
    for (int i = 0; i < kBatch; ++i) nursery.StartSoon(OneByOne);
    co_return;
  };
  (void)co_await WithNursery(body);
}

double NopAlone() { return NanosecondsEachInRun(kNops, OneByOne); }
double NopsInBatches() {
  return NanosecondsEachInRun(kNops * kBatch, BatchByBatch);
}

// Two runs, a thread each, wake each other.
int event_fds[2];

Task<> WaitFor(int fd) {
  std::uint64_t count = 0;
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, fd, &count, sizeof(count), 0);
  };
  const int result = co_await Uring(prepare);
  static_cast<void>(result);
}

void Wake(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof(one));
}

Task<> AnswerWakes() {
  for (;;) {
    co_await WaitFor(event_fds[1]);
    Wake(event_fds[0]);
  }
}

Task<> WakeAndWait() {
  for (int i = 0; i < kWakes; ++i) {
    Wake(event_fds[1]);
    co_await WaitFor(event_fds[0]);
  }
}

double WakeThread() {
  for (int& fd : event_fds) fd = eventfd(0, 0);
  std::thread([] { (void)Run(AnswerWakes); }).detach();
  return NanosecondsEachInRun(2 * kWakes, WakeAndWait);
}

// How much `figure` grows while 100,000 tasks come to wait, for each.
double BlockedFigure(long (*figure)()) {
  double result = 0;
  auto block = []() -> Task<> { co_await SleepForever(); };
  auto body = [&](Nursery& nursery) -> Task<> {
    const long before = figure();
    for (int i = 0; i < kBlocked; ++i) nursery.StartSoon(block);
    co_await Checkpoint();
    result = static_cast<double>(figure() - before) / kBlocked;
    nursery.Cancel();
  };
  auto main = [&]() -> Task<> { (void)co_await WithNursery(body); };
  (void)Run(main);
  return result;
}

double BlockedBytes() { return BlockedFigure(BytesInUse); }
double BlockedAllocations() { return BlockedFigure(Allocations); }

Task<> Trivial() { co_return; }

Task<> SpawnAndJoin() {
  auto body = [](Nursery& nursery) -> Task<> {
    for (int i = 0; i < kAlive; ++i) nursery.StartSoon(Trivial);
    co_return;
  };
  (void)co_await WithNursery(body);
}

double ChildAllocations() {
  double result = 0;
  auto main = [&]() -> Task<> {
    co_await SpawnAndJoin();
    const long before = Allocations();
    co_await SpawnAndJoin();
    result = static_cast<double>(Allocations() - before) / kAlive;
  };
  (void)Run(main);
  return result;
}

int Copy(const char* from, const char* to) {
  const auto copied = Run(CopyFile, std::string(from), std::string(to));
  if (!copied.ok()) std::cerr << copied.status() << "\n";
  return copied.ok() ? 0 : 1;
}

const work kWorks[] = {
    {"ring/nop_1", "ns", NopAlone},
    {"ring/nop_64", "ns", NopsInBatches},
    {"wake/thread", "ns", WakeThread},
    {"tls/echo_64", "ns", TlsEcho64},
    {"tls/echo_16384", "ns", TlsEcho16384},
    {"tls/bulk", "ns", TlsBulk},
    {"tls/seal", "ns", TlsSeal},
    {"tls/full", "ns", TlsFull},
    {"tls/resumed", "ns", TlsResumed},
    {"memory/blocked_bytes", "bytes", BlockedBytes},
    {"memory/blocked_allocations", "allocations", BlockedAllocations},
    {"memory/child_allocations", "allocations", ChildAllocations},
    {nullptr, nullptr, nullptr},
};

}  // namespace
}  // namespace creche::benchmarks

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc == 2 && mode == "echo") return creche::benchmarks::Serve(true);
  if (argc == 2 && mode == "storm") return creche::benchmarks::Serve(false);
  if (argc == 4 && mode == "copy") {
    return creche::benchmarks::Copy(argv[2], argv[3]);
  }
  const int status = RunWork(argc, argv, creche::benchmarks::kWorks);
  std::fflush(stdout);
  _exit(status);  // A run on another thread may never end.
}
