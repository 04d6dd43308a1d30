// SPDX-License-Identifier: Apache-2.0
//
// DescriptorLedger: which file descriptors a run has left open, or has closed
// although they were not its own.

#ifndef CRECHE_LIB_TESTING_DESCRIPTOR_LEDGER_H_
#define CRECHE_LIB_TESTING_DESCRIPTOR_LEDGER_H_

#include <map>
#include <string>
#include <vector>

namespace creche::internal {

// Descriptors belong to the process, so other threads change them, too. The C
// library opens /sys/devices/system/cpu/online for a moment, in whichever
// thread first asks how many processors there are. What is only open for a
// moment is therefore no difference:
//
//  - A descriptor is older than the run if it is open at its beginning, and was
//    at the end of the run before it, or when the ledger was made.
//  - A descriptor is left open if it still is a tenth of a second later.
class DescriptorLedger {
 public:
  // `pause` lets other threads go on: a hundred times at most in AfterRun().
  using Pause = void (*)();
  explicit DescriptorLedger(Pause pause = &SleepForAMillisecond)
      : pause_(pause), previous_(Open()) {}

  void BeforeRun() { before_ = Open(); }

  // What is wrong, a line each; empty if all is well.
  std::vector<std::string> AfterRun();

 private:
  // What is open, and what each descriptor is: "/etc/passwd", "socket:[4711]".
  using Descriptors = std::map<int, std::string>;

  static void SleepForAMillisecond();
  static Descriptors Open();

  std::vector<std::string> LeftOpen(const Descriptors& after) const;
  std::vector<std::string> Closed(const Descriptors& after) const;

  const Pause pause_;
  Descriptors previous_;
  Descriptors before_;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_DESCRIPTOR_LEDGER_H_
