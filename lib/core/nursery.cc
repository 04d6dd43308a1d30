// SPDX-License-Identifier: Apache-2.0

#include "creche/core/nursery.h"

#include <cstddef>

#include "creche/core/internal/nursery_access.h"

namespace creche::internal {

// Nurseries are not destroyed when they close, but kept for a later
// WithNursery(), so that a call on one that has closed finds an object that can
// say so. First in, first used again. The last kResting of them are not used:
// so a stale reference to a closed nursery is more likely to be reported than
// to find another nursery in its place.
class NurseryAccess::Quarantine {
 public:
  Quarantine() = default;
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;
  ~Quarantine() {
    while (size_ > 0) delete TakeFirst();
  }

  static Quarantine& OfThisThread() {
    static thread_local Quarantine quarantine;
    return quarantine;
  }

  Nursery* Take() { return size_ > kResting ? TakeFirst() : new Nursery; }

  void Put(Nursery* nursery) {
    nursery->next_ = nullptr;
    *tail_ = nursery;
    tail_ = &nursery->next_;
    ++size_;
  }

 private:
  static constexpr size_t kResting = 32;

  Nursery* TakeFirst() {
    Nursery* nursery = head_;
    head_ = nursery->next_;
    if (head_ == nullptr) tail_ = &head_;
    --size_;
    return nursery;
  }

  Nursery* head_ = nullptr;
  Nursery** tail_ = &head_;
  size_t size_ = 0;
};

Nursery& NurseryAccess::Take() { return *Quarantine::OfThisThread().Take(); }

void NurseryAccess::GiveBack(Nursery& nursery) {
  nursery.state_.Forget();
  Quarantine::OfThisThread().Put(&nursery);
}

}  // namespace creche::internal
