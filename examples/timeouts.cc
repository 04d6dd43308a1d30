// SPDX-License-Identifier: Apache-2.0
//
// The ways to bound the time that something takes. Whatever happens, when the
// co_await returns, the work has stopped.
//
//   bazel run //examples:timeouts

#include <iostream>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

// Says when it is destroyed: that is how cancellation unwinds a task.
class Noisy {
 public:
  explicit Noisy(std::string name) : name_(std::move(name)) {}
  Noisy(const Noisy&) = delete;
  Noisy& operator=(const Noisy&) = delete;
  ~Noisy() { std::cout << "  (" << name_ << " has let go)" << std::endl; }

 private:
  std::string name_;
};

creche::Task<std::string> Fetch(std::string name, absl::Duration takes) {
  Noisy noisy(name);
  co_await creche::SleepFor(takes);
  co_return "what " + name + " fetched";
}

creche::Task<absl::Status> Main() {
  std::cout << "MoveOnAfter: the result, or none" << std::endl;
  const std::optional<std::string> quick = co_await creche::MoveOnAfter(
      absl::Seconds(1), Fetch("quick", absl::Milliseconds(50)));
  std::cout << "  quick: " << quick.value_or("none") << std::endl;
  const std::optional<std::string> slow = co_await creche::MoveOnAfter(
      absl::Milliseconds(50), Fetch("slow", absl::Hours(1)));
  std::cout << "  slow: " << slow.value_or("none") << std::endl;

  std::cout << "FailAfter: the result, or an error" << std::endl;
  const absl::StatusOr<std::string> late = co_await creche::FailAfter(
      absl::Milliseconds(50), Fetch("late", absl::Hours(1)));
  std::cout << "  late: " << late.status().message() << std::endl;

  std::cout << "A scope can be cancelled by anyone, with a reason" << std::endl;
  creche::CancelScope scope;
  auto children = [&](creche::Nursery& nursery) -> creche::Task<> {
    auto cancel = [&]() -> creche::Task<> {
      co_await creche::SleepFor(absl::Milliseconds(50));
      scope.Cancel("the user has closed the window");
    };
    nursery.StartSoon(cancel);
    co_await scope.Run(Fetch("unwanted", absl::Hours(1)));
    std::cout << "  because " << scope.reason() << std::endl;
  };
  co_return co_await creche::WithNursery(children);
}

}  // namespace

int main() {
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
