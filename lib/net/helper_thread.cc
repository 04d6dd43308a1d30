// SPDX-License-Identifier: Apache-2.0

#include "lib/net/helper_thread.h"

#include <pthread.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace creche::internal {
namespace {

void* RunFunction(void* argument) {
  const std::unique_ptr<std::function<void()>> function(
      static_cast<std::function<void()>*>(argument));
  (*function)();
  return nullptr;
}

}  // namespace

absl::Status StartHelperThread(std::function<void()> function) {
  auto argument = std::make_unique<std::function<void()>>(std::move(function));
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  pthread_t thread;
  const int error =
      pthread_create(&thread, nullptr, &RunFunction, argument.get());
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  if (error != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("start a helper thread: ", std::strerror(error)));
  }
  argument.release();
  pthread_detach(thread);
  return absl::OkStatus();
}

}  // namespace creche::internal
