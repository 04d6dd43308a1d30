// SPDX-License-Identifier: Apache-2.0
//
// A child process, from its start to its end.

#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "benchmark/benchmark.h"
#include "benchmarks/in_run.h"
#include "creche/creche.h"

namespace creche::benchmarks {
namespace {

constexpr char kProgram[] = "/bin/true";

// What the system is asked for, and no more. 0: there was no process.
pid_t PlainSpawn() {
  char name[] = "true";
  char* arguments[] = {name, nullptr};
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, kProgram, nullptr, nullptr, arguments, environ);
  return error == 0 ? pid : 0;
}

void BM_ProcessCreche(benchmark::State& state) {
  InRun(state, [&]() -> Task<absl::Status> {
    const Command command(kProgram);
    for (auto _ : state) {
      const ProcessResult result = co_await Try(RunProcess(command));
      if (result.exit_code != 0) state.SkipWithError("it has failed");
    }
    co_return absl::OkStatus();
  });
}
BENCHMARK(BM_ProcessCreche)->Name("process/creche")->UseRealTime();

// The thread is blocked until the child has ended.
void BM_ProcessPlain(benchmark::State& state) {
  for (auto _ : state) {
    const pid_t pid = PlainSpawn();
    siginfo_t info = {};
    if (pid == 0 ||
        waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 ||
        info.si_status != 0) {
      state.SkipWithError("it has failed");
    }
  }
}
BENCHMARK(BM_ProcessPlain)->Name("process/blocking")->UseRealTime();

// As in a loop that has other things to do as well: the end of the child is an
// event among others. The start still blocks.
void BM_ProcessEpoll(benchmark::State& state) {
  const int events = epoll_create1(EPOLL_CLOEXEC);
  for (auto _ : state) {
    const pid_t pid = PlainSpawn();
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    epoll_event event = {};
    event.events = EPOLLIN;
    epoll_ctl(events, EPOLL_CTL_ADD, pidfd, &event);
    epoll_wait(events, &event, 1, /*timeout=*/-1);
    siginfo_t info = {};
    if (pid == 0 ||
        waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0 ||
        info.si_status != 0) {
      state.SkipWithError("it has failed");
    }
    close(pidfd);
  }
  close(events);
}
BENCHMARK(BM_ProcessEpoll)->Name("process/epoll")->UseRealTime();

}  // namespace
}  // namespace creche::benchmarks
