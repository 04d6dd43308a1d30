// The first program of somebody who depends on creche.

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

creche::Task<absl::Status> Greet(std::string name) {
  co_await creche::SleepFor(absl::Milliseconds(10));
  std::cout << "Hello, " << name << "!" << std::endl;
  co_return absl::OkStatus();
}

creche::Task<absl::Status> Main() {
  auto everyone = [](creche::Nursery& nursery) -> creche::Task<absl::Status> {
    nursery.StartSoon(Greet, "Ada");
    nursery.StartSoon(Greet, "Grace");
    co_return absl::OkStatus();
  };
  co_return co_await creche::WithNursery(everyone);
}

}  // namespace

int main() {
  const absl::Status status = creche::Run(Main);
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
