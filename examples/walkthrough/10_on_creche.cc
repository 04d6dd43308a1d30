// SPDX-License-Identifier: Apache-2.0
//
// Stage 10: the echo server of the first stages and the family of stage 9, on
// creche; and what its tasks cost, to compare them with threads.
//
//   bazel run --config=opt //examples/walkthrough:10_on_creche

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace {

using creche::Nursery;
using creche::Task;
using creche::Try;

constexpr int kClients = 20;
constexpr int kQuestions = 3;
constexpr absl::Duration kThinkTime = absl::Milliseconds(10);

// As in stage 1.
Task<> Serve(creche::TcpStream client) {
  char buffer[1024];
  for (;;) {
    const auto size = co_await client.ReceiveSome(buffer);
    if (!size.ok() || *size == 0) break;
    if (!(co_await client.SendAll({buffer, *size})).ok()) break;
  }
}

Task<absl::Status> Talk(creche::SocketAddress address, int number) {
  creche::TcpStream server = co_await Try(creche::ConnectTcp(address));
  const std::string question = absl::StrCat("question of client ", number);
  for (int i = 0; i < kQuestions; ++i) {
    co_await creche::SleepFor(kThinkTime);
    std::string answer(question.size(), '\0');
    co_await Try(server.SendAll(question));
    co_await Try(server.ReceiveExactly(absl::MakeSpan(answer)));
    if (answer != question) co_return absl::DataLossError(answer);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> EchoServer() {
  auto listener = co_await Try(creche::ListenTcp("127.0.0.1", 0));
  const creche::SocketAddress address = listener.local_address();
  const absl::Time start = creche::Now();
  auto clients = [&](Nursery& nursery) -> Task<> {
    for (int i = 0; i < kClients; ++i) nursery.StartSoon(Talk, address, i);
    co_return;
  };
  auto serve = [&]() -> Task<absl::Status> {
    co_return co_await creche::ServeTcp(std::move(listener), Serve);
  };
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    nursery.StartSoon(serve);
    co_await Try(creche::WithNursery(clients));  // All have their answers.
    nursery.Cancel("all clients have gone");
    co_return absl::OkStatus();
  };
  co_await Try(creche::WithNursery(body));
  std::printf("creche: %d right answers;\n  all was over after %.0f ms\n\n",
              kClients * kQuestions,
              absl::ToDoubleMilliseconds(creche::Now() - start));
  co_return absl::OkStatus();
}

// As in stage 9.
Task<> Speak(const char* name, absl::Duration pause, int times) {
  const auto hang_up = [](const char* who) { std::printf("(%s ends)\n", who); };
  const std::unique_ptr<const char, decltype(hang_up)> line(name, hang_up);
  for (int i = 0; i < times; ++i) co_await creche::SleepFor(pause);
}

Task<absl::Status> Fail() {
  co_await creche::SleepFor(absl::Milliseconds(25));
  co_return absl::DataLossError("the disk is full");
}

Task<absl::Status> Family() {
  auto inner = [](Nursery& nursery) -> Task<> {
    nursery.StartSoon(Speak, "grandchild", absl::Milliseconds(10), 1000);
    co_return;
  };
  auto child = [&]() -> Task<absl::Status> {
    co_return co_await creche::WithNursery(inner);
  };
  auto outer = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(child);
    nursery.StartSoon(Fail);
    co_await Speak("body", absl::Seconds(1), 1);
  };
  const absl::Status status = co_await creche::WithNursery(outer);
  std::printf("all have ended: %s\n\n", status.ToString().c_str());
  co_return absl::OkStatus();
}

long ResidentKibibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stol(line.substr(6));
  }
  return 0;
}

Task<> Idle() { co_await creche::SleepForever(); }

Task<absl::Status> Measure() {
  constexpr int kTasks = 100'000;
  auto body = [](Nursery& nursery) -> Task<> {
    const long before = ResidentKibibytes();
    const absl::Time start = creche::Now();
    for (int i = 0; i < kTasks; ++i) nursery.StartSoon(Idle);
    co_await creche::Checkpoint();  // All have begun.
    const absl::Duration time = creche::Now() - start;
    const long memory = ResidentKibibytes() - before;
    std::printf("%d idle tasks: %.0f ns to start one, %.0f B of memory each\n",
                kTasks, absl::ToDoubleNanoseconds(time) / kTasks,
                static_cast<double>(memory) * 1024 / kTasks);
    nursery.Cancel();
  };
  co_return co_await creche::WithNursery(body);
}

Task<absl::Status> Main() {
  co_await Try(EchoServer());
  co_await Try(Family());
  co_return co_await Measure();
}

}  // namespace

int main() {
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::printf("%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
