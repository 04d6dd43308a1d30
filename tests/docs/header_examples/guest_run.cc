// SPDX-License-Identifier: Apache-2.0
//
// The example of include/creche/guest_run.h, compiled.

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

struct Loop {
  void Run() {}
  void Quit() {}
};

class MyLoop : public creche::HostLoop {
 public:
  explicit MyLoop(Loop& /*loop*/) {}
  void WatchReadable(int /*fd*/, absl::AnyInvocable<void()> /*f*/) override {}
  void Unwatch(int /*fd*/) override {}
  void CallAt(absl::Time /*time*/, absl::AnyInvocable<void()> /*f*/) override {}
  void CallSoon(absl::AnyInvocable<void()> /*f*/) override {}
};

creche::Task<absl::Status> Main() { co_return absl::OkStatus(); }

[[maybe_unused]] void GuestRunExample(Loop& loop) {
  // clang-format off
  MyLoop host(loop);  // A HostLoop: four functions of that loop.
  creche::GuestRun guest({}, host, Main, [&](absl::Status) {
    loop.Quit();
  });
  loop.Run();
  // clang-format on
}

}  // namespace
