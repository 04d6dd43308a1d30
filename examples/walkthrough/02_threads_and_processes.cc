// SPDX-License-Identifier: Apache-2.0
//
// Stage 2: a thread for each client, a process for each client, and what
// threads and processes cost when there are many of them.
//
//   bazel run --config=opt //examples/walkthrough:02_threads_and_processes

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "examples/walkthrough/clients.h"

namespace {

using walkthrough::Check;
using Clock = std::chrono::steady_clock;

constexpr int kIdle = 200;

// As in stage 1.
void Serve(int client) {
  char buffer[1024];
  for (;;) {
    const ssize_t size = recv(client, buffer, sizeof(buffer), 0);
    if (size <= 0) break;
    send(client, buffer, static_cast<size_t>(size), MSG_NOSIGNAL);
  }
  close(client);
}

void ServeByThreads(int listener) {
  std::vector<std::thread> threads;
  for (int i = 0; i < walkthrough::kClients; ++i) {
    threads.emplace_back(Serve, accept(listener, nullptr, nullptr));
  }
  for (std::thread& thread : threads) thread.join();
}

void ServeByProcesses(int listener) {
  for (int i = 0; i < walkthrough::kClients; ++i) {
    const int client = accept(listener, nullptr, nullptr);
    if (Check(fork(), "fork") == 0) {
      Serve(client);
      _exit(0);
    }
    close(client);
  }
  for (int i = 0; i < walkthrough::kClients; ++i) wait(nullptr);
}

// The sum of some lines of a file in /proc, in KiB.
long KibibytesIn(const std::string& file,
                 const std::vector<std::string>& keys) {
  std::ifstream in(file);
  long sum = 0;
  std::string line;
  while (std::getline(in, line)) {
    for (const std::string& key : keys) {
      if (line.rfind(key, 0) == 0) sum += std::stol(line.substr(key.size()));
    }
  }
  return sum;
}

void Print(const char* what, Clock::duration time, double kibibytes) {
  std::printf("%d idle %s: %.0f us to start one, %.0f KiB of memory each\n",
              kIdle, what, walkthrough::Milliseconds(time) * 1000 / kIdle,
              kibibytes / kIdle);
}

// Threads that wait for nothing: in read(), on a pipe that stays empty.
void MeasureThreads() {
  int gate[2];
  Check(pipe(gate), "pipe");
  const std::string status = "/proc/self/status";
  const std::vector<std::string> keys = {"VmRSS:", "VmPTE:"};
  const long before = KibibytesIn(status, keys);
  std::vector<std::thread> threads;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < kIdle; ++i) {
    threads.emplace_back([&] {
      char nothing;
      if (read(gate[0], &nothing, 1) != 0) std::abort();
    });
  }
  const Clock::duration time = Clock::now() - start;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const long after = KibibytesIn(status, keys);
  close(gate[1]);
  for (std::thread& thread : threads) thread.join();
  close(gate[0]);
  Print("threads", time, static_cast<double>(after - before));
}

// Processes that do. Their memory is what they share with nobody.
void MeasureProcesses() {
  int gate[2];
  Check(pipe(gate), "pipe");
  std::vector<pid_t> processes;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < kIdle; ++i) {
    processes.push_back(Check(fork(), "fork"));
    if (processes.back() == 0) {
      close(gate[1]);
      char nothing;
      _exit(read(gate[0], &nothing, 1) == 0 ? 0 : 1);
    }
  }
  const Clock::duration time = Clock::now() - start;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  long kibibytes = 0;
  for (const pid_t process : processes) {
    const std::string proc = "/proc/" + std::to_string(process);
    kibibytes += KibibytesIn(proc + "/smaps_rollup",
                             {"Private_Clean:", "Private_Dirty:"});
    kibibytes += KibibytesIn(proc + "/status", {"VmPTE:"});
  }
  close(gate[0]);
  close(gate[1]);
  for (int i = 0; i < kIdle; ++i) wait(nullptr);
  Print("processes", time, static_cast<double>(kibibytes));
}

}  // namespace

int main() {
  const int listener = walkthrough::Listen();
  walkthrough::Clients some(listener);
  ServeByThreads(listener);
  some.Report("a thread for each client");

  walkthrough::Clients others(listener);
  ServeByProcesses(listener);
  others.Report("a process for each client");
  close(listener);

  MeasureThreads();
  MeasureProcesses();
}
