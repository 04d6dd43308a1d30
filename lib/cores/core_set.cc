// SPDX-License-Identifier: Apache-2.0

#include "lib/cores/core_set.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/misuse.h"
#include "creche/cores/core.h"
#include "lib/cores/hand_over.h"

namespace creche {

std::size_t Core::count() const { return cores_.count(); }

RunHandle Core::handle(std::size_t other) const {
  if (other >= count()) {
    internal::Misuse(
        absl::StrCat("there is no core ", other, ": there are ", count()));
  }
  return cores_.run(other);
}

std::size_t Core::connections(std::size_t other) const {
  return cores_.connections(other);
}

namespace internal {

bool CoreSet::Arrive(std::size_t index, const RunHandle& run) {
  std::unique_lock<std::mutex> lock(mutex_);
  cores_[index].run = run;
  ++arrived_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return arrived_ == count() || has_given_up_; });
  return arrived_ == count();
}

void CoreSet::GiveUp() {
  const std::lock_guard<std::mutex> lock(mutex_);
  has_given_up_ = true;
  changed_.notify_all();
}

bool CoreSet::has_arrived(std::size_t index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cores_[index].run.has_value();
}

HandOver& CoreSet::hand_over(const std::string& host, std::uint16_t port) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<HandOver>& hand_over = hand_overs_[{host, port}];
  if (hand_over == nullptr) hand_over = std::make_unique<HandOver>(*this);
  return *hand_over;
}

void CoreSet::KeepException(std::exception_ptr thrown) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (thrown_ == nullptr) thrown_ = std::move(thrown);
}

}  // namespace internal
}  // namespace creche
