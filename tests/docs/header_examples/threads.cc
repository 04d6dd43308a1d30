// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/threads/, compiled.

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "creche/creche.h"

namespace {

// run_handle.h

struct Library {
  void OnArrival(absl::AnyInvocable<void()> /*callback*/) {}
};
creche::Task<int> Ask() { co_return 42; }

[[maybe_unused]] creche::Task<> RunHandleExample(Library& library) {
  // A library calls back on a thread of its own.
  creche::Event arrived;
  library.OnArrival([run = creche::RunHandle::Current(), &arrived] {
    run.Post([&arrived] { arrived.Set(); });
  });
  co_await arrived.Wait();
}

[[maybe_unused]] int CallExample(const creche::RunHandle& run) {
  absl::StatusOr<int> answer = run.Call(Ask);  // Ask() may be a coroutine.
  return answer.value_or(0);
}

// run_in_thread.h

struct Table {};
std::string HashFile(const std::string& path) { return path; }
int Count(std::stop_token stop, const Table& table);

[[maybe_unused]] creche::Task<bool> RunInThreadExample(std::string path) {
  absl::StatusOr<std::string> hash =
      co_await creche::RunInThread(HashFile, path);
  co_return hash.ok();
}

[[maybe_unused]] creche::Task<bool> StopTokenExample(Table& table) {
  absl::StatusOr<int> count = co_await creche::RunInThread(
      creche::ThreadOptions().set_name("count"), Count, std::cref(table));
  co_return count.ok();
}

int Count(std::stop_token stop, const Table& /*table*/) {
  return stop.stop_requested() ? 0 : 1;
}

// thread_channel.h

struct Frame {};
Frame Capture() { return {}; }
void Show(const Frame& /*frame*/) {}

[[maybe_unused]] creche::Task<> ThreadChannelExample() {
  auto [send, receive] = creche::MakeThreadChannel<Frame>(16);
  std::thread camera([send = std::move(send)]() mutable {
    while (send.BlockingSend(Capture()).ok()) {
    }
  });
  while (std::optional<Frame> frame = co_await receive.Receive()) {
    Show(*frame);
  }
  camera.join();
}

}  // namespace
