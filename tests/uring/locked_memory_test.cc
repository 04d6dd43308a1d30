// SPDX-License-Identifier: Apache-2.0
//
// Many short runs in many threads of a user who may lock little memory: the
// kernel gives back that of a ring only some time after the ring has closed.

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/checkpoint.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// Of a ring, more than that: some eight at a time.
constexpr rlim_t kMemory = rlim_t{1} << 20;
constexpr int kThreads = 24;
constexpr int kRunsPerThread = 12;

// The kernel counts no memory of those who have a capability.
void LimitLockedMemory() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  syscall(SYS_capset, &header, none);
  struct rlimit limit = {kMemory, kMemory};
  setrlimit(RLIMIT_MEMLOCK, &limit);
}

void RunInManyThreads() {
  LimitLockedMemory();
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&refused] {
      for (int round = 0; round < kRunsPerThread; ++round) {
        auto main = []() -> Task<> { co_await Checkpoint(); };
        RunOptions options;
        options.backend = Backend::kUring;
        if (!creche::Run(std::move(options), main).ok()) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (refused > 0) fprintf(stderr, "%d runs were refused\n", refused.load());
  _exit(refused == 0 ? 0 : 1);
}

TEST(LockedMemoryDeathTest, ManyShortRunsWaitForEachOther) {
  EXPECT_EXIT(RunInManyThreads(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace creche
