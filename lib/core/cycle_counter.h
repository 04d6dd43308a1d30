// SPDX-License-Identifier: Apache-2.0
//
// CycleCounter: the processor's own count of time, where it has a steady one.
// Reading it costs half of what reading the clock does.

#ifndef CRECHE_LIB_CORE_CYCLE_COUNTER_H_
#define CRECHE_LIB_CORE_CYCLE_COUNTER_H_

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

namespace creche::internal {

// Counts at a constant rate of at least kLeastMegahertz if is_steady().
class CycleCounter {
 public:
  static constexpr std::uint64_t kLeastMegahertz = 512;

#if defined(__x86_64__)
  // Intel 64 SDM, volume 3, "Invariant TSC": CPUID.80000007H:EDX[8].
  static bool is_steady() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 1U << 8) != 0;
  }
  static std::uint64_t Read() { return __rdtsc(); }
#else
  static bool is_steady() { return false; }
  static std::uint64_t Read() { return 0; }
#endif
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_CYCLE_COUNTER_H_
