// SPDX-License-Identifier: Apache-2.0
//
// CaughtSignals: signals that one part of the process has for itself.

#ifndef CRECHE_LIB_SIGNALS_CAUGHT_SIGNALS_H_
#define CRECHE_LIB_SIGNALS_CAUGHT_SIGNALS_H_

#include <csignal>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

// "SIGINT".
std::string SignalName(int signal);

// One object of a process at a time has a signal. (Signals belong to the
// process: two that have caught the same one would take it from each other.)
class CaughtSignals {
 public:
  CaughtSignals() = default;
  CaughtSignals(const CaughtSignals&) = delete;
  CaughtSignals& operator=(const CaughtSignals&) = delete;

  // From now on OnSignal() is called for them. One that is named twice counts
  // once. `what` is what the program has asked for, for errors.
  // Errors: kInvalidArgument: not a signal that can be caught.
  //   kFailedPrecondition: somebody else has one of them. Then it has none.
  absl::Status Catch(const std::vector<int>& signals, absl::string_view what);

  // Puts back what was there before. From then on, OnSignal() is not called,
  // and no call is under way.
  void Release();

 protected:
  // Requires: Release() was called.
  ~CaughtSignals() = default;

  // Called in a signal handler: on any thread, where only what is
  // async-signal-safe may be done.
  virtual void OnSignal(int signal) = 0;

 private:
  struct Caught {
    int signal;
    struct sigaction previous;
  };

  static void Handle(int signal);
  absl::Status CatchOne(int signal, absl::string_view what);

  std::vector<Caught> caught_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_SIGNALS_CAUGHT_SIGNALS_H_
