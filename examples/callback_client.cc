// SPDX-License-Identifier: Apache-2.0
//
// A C library that has a thread of its own and calls back on it, used by tasks:
// a request is an awaitable that can be cancelled, and what the library has to
// tell comes through a thread channel.
//
//   bazel run //examples:callback_client

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

// The library: answers each request on a thread of its own, after a while.
extern "C" {
using Callback = void (*)(void* context, int answer);
}

class Library {
 public:
  void Ask(int question, Callback callback, void* context) {
    threads_.emplace_back([=] {
      std::this_thread::sleep_for(std::chrono::milliseconds(question));
      callback(context, question * 2);
    });
  }
  ~Library() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::vector<std::thread> threads_;
};

// What a request and its callback share: whoever comes last destroys it, so the
// task may have gone when the library calls back.
struct Request {
  creche::RunHandle run = creche::RunHandle::Current();
  creche::Event answered;
  int answer = 0;
};

void OnAnswer(void* context, int answer) {
  std::unique_ptr<std::shared_ptr<Request>> request(
      static_cast<std::shared_ptr<Request>*>(context));
  const creche::RunHandle run = (*request)->run;
  // On the run's thread, where the event is. If the run is over, nobody waits.
  run.Post([request = *std::move(request), answer] {
    request->answer = answer;
    request->answered.Set();
  });
}

creche::Task<int> Ask(Library& library, int question) {
  auto request = std::make_shared<Request>();
  library.Ask(question, OnAnswer, new std::shared_ptr<Request>(request));
  co_await request->answered.Wait();
  co_return request->answer;
}

creche::Task<absl::Status> Main() {
  Library library;
  std::cout << "the answer is " << co_await Ask(library, 21) << std::endl;
  // The library will call back all the same.
  const std::optional<int> late =
      co_await creche::MoveOnAfter(absl::Milliseconds(5), Ask(library, 50));
  std::cout << (late.has_value() ? "answered" : "too late") << std::endl;
  co_return absl::OkStatus();
}

}  // namespace

int main() {
  absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
