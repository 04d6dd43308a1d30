// SPDX-License-Identifier: Apache-2.0
//
// LifetimeProbe: an object that counts how many like it are alive.
//
//   int alive = 0;
//   { LifetimeProbe probe(&alive); EXPECT_EQ(alive, 1); }
//   EXPECT_EQ(alive, 0);

#ifndef CRECHE_TESTS_SUPPORT_LIFETIME_PROBE_H_
#define CRECHE_TESTS_SUPPORT_LIFETIME_PROBE_H_

#include <memory>

namespace creche {

// Owns memory, so that AddressSanitizer sees a second destruction or a leak.
class LifetimeProbe {
 public:
  explicit LifetimeProbe(int* alive) : alive_(std::make_unique<int*>(alive)) {
    ++*alive;
  }
  LifetimeProbe(const LifetimeProbe& other) : LifetimeProbe(*other.alive_) {}
  LifetimeProbe(LifetimeProbe&& other) noexcept
      : LifetimeProbe(*other.alive_) {}
  LifetimeProbe& operator=(const LifetimeProbe&) { return *this; }
  ~LifetimeProbe() { --**alive_; }

 private:
  std::unique_ptr<int*> alive_;
};

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_LIFETIME_PROBE_H_
