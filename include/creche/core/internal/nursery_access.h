// SPDX-License-Identifier: Apache-2.0
//
// NurseryAccess: the library's way from a Nursery to its NurseryState.

#ifndef CRECHE_CORE_INTERNAL_NURSERY_ACCESS_H_
#define CRECHE_CORE_INTERNAL_NURSERY_ACCESS_H_

namespace creche {

class Nursery;

namespace internal {

class NurseryState;

class NurseryAccess {
 public:
  // Defined with the templates of Nursery, which it comes with.
  static inline NurseryState& State(Nursery& nursery);

  // A nursery that nobody uses; and back.
  static Nursery& Take();
  static void GiveBack(Nursery& nursery);

 private:
  class Quarantine;
};

}  // namespace internal
}  // namespace creche

#endif  // CRECHE_CORE_INTERNAL_NURSERY_ACCESS_H_
