// SPDX-License-Identifier: Apache-2.0
//
// CoreSet: what the cores of one RunOnCores() share.

#ifndef CRECHE_LIB_CORES_CORE_SET_H_
#define CRECHE_LIB_CORES_CORE_SET_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "creche/threads/run_handle.h"
#include "lib/cores/hand_over.h"

namespace creche::internal {

class CoreSet {
 public:
  explicit CoreSet(std::size_t count) : cores_(count) {}
  CoreSet(const CoreSet&) = delete;
  CoreSet& operator=(const CoreSet&) = delete;

  std::size_t count() const { return cores_.size(); }

  // The run of core `index` has begun: blocks until all have. False: one never
  // will.
  bool Arrive(std::size_t index, const RunHandle& run);
  // One will not begin.
  void GiveUp();
  bool has_arrived(std::size_t index);

  // After Arrive().
  const RunHandle& run(std::size_t index) const { return *cores_[index].run; }
  std::atomic<std::size_t>& connections(std::size_t index) {
    return cores_[index].connections;
  }

  // Of the servers of all cores for one address; made when it is first asked
  // for.
  HandOver& hand_over(const std::string& host, std::uint16_t port);

  // What was thrown first.
  void KeepException(std::exception_ptr thrown);
  std::exception_ptr exception() const { return thrown_; }

 private:
  struct One {
    std::optional<RunHandle> run;
    std::atomic<std::size_t> connections = 0;
  };

  std::vector<One> cores_;
  std::mutex
      mutex_;  // Guards what follows, and the handles until all are there.
  std::condition_variable changed_;
  std::size_t arrived_ = 0;
  bool has_given_up_ = false;
  std::map<std::pair<std::string, std::uint16_t>, std::unique_ptr<HandOver>>
      hand_overs_;
  std::exception_ptr thrown_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORES_CORE_SET_H_
