// SPDX-License-Identifier: Apache-2.0
//
// PollLoop: a small event loop on poll(2), as the host of guests.

#ifndef CRECHE_TESTS_SUPPORT_POLL_LOOP_H_
#define CRECHE_TESTS_SUPPORT_POLL_LOOP_H_

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/guest_run.h"

namespace creche {

// Callbacks may run it again: it is then a nested loop.
class PollLoop final : public HostLoop {
 public:
  void WatchReadable(int fd, absl::AnyInvocable<void()> f) override {
    watched_[fd] = std::make_shared<absl::AnyInvocable<void()>>(std::move(f));
  }
  void Unwatch(int fd) override { watched_.erase(fd); }
  void CallAt(absl::Time time, absl::AnyInvocable<void()> f) override {
    timers_.emplace(time, std::move(f));
    most_timers_ = std::max(most_timers_, timers_.size());
  }
  void CallSoon(absl::AnyInvocable<void()> f) override {
    soon_.push_back(std::move(f));
  }

  // Until `is_over`, which is looked at after each round.
  void RunUntil(const bool& is_over) {
    while (!is_over) RunRound(absl::InfiniteDuration());
  }

  // Everything that can be called within `at_most`; waits for the first.
  void RunRound(absl::Duration at_most) {
    ++rounds_;
    CallWatched(soon_.empty() ? std::min(at_most, TimeToTimer())
                              : absl::ZeroDuration());
    CallDueTimers();
    // One by one: a nested loop calls what this one has not.
    for (std::size_t left = soon_.size(); left > 0 && !soon_.empty(); --left) {
      absl::AnyInvocable<void()> f = std::move(soon_.front());
      soon_.pop_front();
      f();
    }
  }

  std::size_t rounds() const { return rounds_; }
  std::size_t watched() const { return watched_.size(); }
  std::size_t timers() const { return timers_.size(); }
  std::size_t most_timers() const { return most_timers_; }

  // The callbacks that would come now or later, taken away from the loop.
  std::vector<absl::AnyInvocable<void()>> TakeTimers() {
    std::vector<absl::AnyInvocable<void()>> taken;
    for (auto& [time, f] : timers_) taken.push_back(std::move(f));
    timers_.clear();
    return taken;
  }

 private:
  absl::Duration TimeToTimer() const {
    if (timers_.empty()) return absl::InfiniteDuration();
    return std::max(timers_.begin()->first - absl::Now(), absl::ZeroDuration());
  }

  void CallWatched(absl::Duration wait) {
    std::vector<pollfd> polled;
    for (const auto& [fd, f] : watched_) polled.push_back({fd, POLLIN, 0});
    const timespec timeout = absl::ToTimespec(wait);
    ppoll(polled.data(), polled.size(),
          wait == absl::InfiniteDuration() ? nullptr : &timeout, nullptr);
    for (const pollfd& one : polled) {
      const auto found = watched_.find(one.fd);
      if ((one.revents & POLLIN) == 0 || found == watched_.end()) continue;
      const auto f = found->second;  // It may be unwatched meanwhile.
      (*f)();
    }
  }

  void CallDueTimers() {
    while (!timers_.empty() && timers_.begin()->first <= absl::Now()) {
      auto timer = timers_.extract(timers_.begin());
      timer.mapped()();
    }
  }

  std::map<int, std::shared_ptr<absl::AnyInvocable<void()>>> watched_;
  std::multimap<absl::Time, absl::AnyInvocable<void()>> timers_;
  std::deque<absl::AnyInvocable<void()>> soon_;
  std::size_t rounds_ = 0;
  std::size_t most_timers_ = 0;
};

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_POLL_LOOP_H_
