// SPDX-License-Identifier: Apache-2.0

#include "creche/core/nursery.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche {

using internal::CancelNode;
using internal::Failure;
using internal::Frame;
using internal::ScopeAccess;
using internal::TaskRecord;

// Closed nurseries, first in, first used again. The last kResting of them are
// not used: so a stale reference to a closed nursery is more likely to be
// reported than to find another nursery in its place.
class Nursery::Quarantine {
 public:
  Quarantine() = default;
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;
  ~Quarantine() {
    while (size_ > 0) delete Take();
  }

  static Quarantine& OfThisThread() {
    static thread_local Quarantine quarantine;
    return quarantine;
  }

  Nursery* TakeRested() { return size_ > kResting ? Take() : new Nursery; }

  void Put(Nursery* nursery) {
    nursery->next_ = nullptr;
    *tail_ = nursery;
    tail_ = &nursery->next_;
    ++size_;
  }

 private:
  static constexpr size_t kResting = 32;

  Nursery* Take() {
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

Nursery& Nursery::Open(TaskRecord& parent) {
  Nursery& nursery = *Quarantine::OfThisThread().TakeRested();
  nursery.scope_.emplace();
  CancelNode& node = ScopeAccess::Node(*nursery.scope_);
  node.set_tasks(&nursery.children_);
  node.Enter(parent);
  nursery.parent_ = &parent;
  nursery.is_open_ = true;
  nursery.body_ended_ = false;
  nursery.anyone_unwound_ = false;
  nursery.keeps_completed_ = false;
  return nursery;
}

void Nursery::RefuseTo(const char* what) const {
  if (!is_open_) {
    internal::Misuse(absl::StrCat(
        "Nursery::", what,
        "() was called on a nursery that has closed: its block has ended, and "
        "no task outlives it"));
  }
  internal::Misuse(absl::StrCat("Nursery::", what,
                                "() was called outside of the nursery's run"));
}

// The frames between the one that runs and the body are of calls that the body
// awaits; of those of other tasks none leads to it. A local that no co_await
// follows may be on the native stack instead: no child starts before it is
// gone.
bool Nursery::IsInTheBody(const volatile void* address) const {
  if (body_ == nullptr) return false;
  if (internal::Scheduler::IsInThisStep(address)) return true;
  bool is_in_a_call = false;
  internal::PromiseBase* frame = internal::running.frame;
  while (frame != nullptr && frame != body_) {
    is_in_a_call |= frame->FrameContains(address);
    frame = internal::CallerOf(Frame{{}, frame}).promise;
  }
  return body_->FrameContains(address) || (frame != nullptr && is_in_a_call);
}

void Nursery::RefuseToLend(const char* what) {
  internal::Misuse(absl::StrCat(
      "Nursery::", what,
      "() was given a reference or pointer to a local of the nursery's body, "
      "or of a call that the body awaits: that is gone when the body ends, and "
      "children may live longer. Declare it outside of WithNursery()"));
}

void Nursery::Fail(Failure failure, const std::string& whose) {
  if (!scope_->cancel_called()) {
    Cancel(absl::StrCat(whose, " failed: ", failure.Describe()));
  }
  failures_.push_back(std::move(failure));
}

void Nursery::BodyEnded(Frame block) {
  body_ = nullptr;
  body_ended_ = true;
  parent_->WaitUncancellably(block, "the children of its nursery");
  WakeIfEmpty();
}

void Nursery::NoteUnwound() {
  anyone_unwound_ = true;
  ScopeAccess::Node(*scope_).CancelAsOutside();
}

// A nursery closes at the moment when the last one in it ends.
void Nursery::AllEnded() {
  is_open_ = false;
  parent_->Wake();
}

// If a child or the body failed, that error is returned; a cancellation from
// outside is seen at the task's next checkpoint. If nobody was unwound there is
// no cancellation to pass on.
bool Nursery::Leave() {
  const bool caught = ScopeAccess::Node(*scope_).Catches();
  CancelNode& node = ScopeAccess::Node(*scope_);
  if (anyone_unwound_) {
    node.ExitUnwinding();
  } else {
    node.Exit();
  }
  return anyone_unwound_ && !caught && failures_.empty() && !keeps_completed_;
}

// In quarantine a nursery keeps no text: there may be as many nurseries as were
// ever open.
void Nursery::Close() {
  failures_.clear();
  ScopeAccess::Node(*scope_).ForgetReason();
  Quarantine::OfThisThread().Put(this);
}

namespace internal {
namespace {

std::string Describe(const TaskRecord& child) {
  return child.name() == nullptr
             ? std::string("a child task")
             : absl::StrCat("child task '", *child.name(), "'");
}

}  // namespace

void NurseryAccess::ChildFailed(TaskRecord& child, Failure failure) {
  child.nursery()->Fail(std::move(failure), Describe(child));
  RemoveChild(child);
}

void NurseryAccess::ChildUnwound(TaskRecord& child) {
  child.nursery()->NoteUnwound();
  RemoveChild(child);
}

void NurseryAccess::AddPendingStart(Nursery& nursery) {
  ++nursery.pending_starts_;
}

void NurseryAccess::RemovePendingStart(Nursery& nursery) {
  --nursery.pending_starts_;
  nursery.WakeIfEmpty();
}

void NurseryAccess::Move(TaskRecord& child, Nursery& to) {
  Nursery& from = *child.nursery();
  CancelNode& old_home = Scope(from);
  CancelNode& new_home = Scope(to);
  child.Unlink();
  --from.child_count_;
  child.set_nursery(&to);
  to.children_.PushBack(&child);
  ++to.child_count_;
  // What the child stands in hangs on the scope it entered first; if it has
  // entered none, on its own place.
  CancelNode* outermost = nullptr;
  for (CancelNode* node = child.scope(); node != &old_home;
       node = node->parent()) {
    outermost = node;
  }
  if (outermost == nullptr) {
    child.set_scope(&new_home);
    if (child.is_cancelled()) child.RequestAbort();
  } else {
    outermost->Reparent(new_home);
  }
  from.WakeIfEmpty();
}

void StartHandshake::Started() {
  if (is_started) {
    Misuse("TaskStatus::Started() was called twice on the same status");
  }
  is_started = true;
  if (child == nullptr || starter->child_count() == 0) return;
  child->CheckIsOfThisRun();
  if (NurseryAccess::Scope(*starter).is_cancelled()) return;
  NurseryAccess::Move(*std::exchange(child, nullptr), *target);
}

absl::Status EndedWithoutStarted() {
  return absl::FailedPreconditionError(
      "the child that Nursery::Start() waited for ended without calling "
      "Started() on its TaskStatus");
}

#if defined(__cpp_exceptions)
void RethrowUnwrapped(const ExceptionGroup& group) {
  if (group.exceptions().size() != 1) throw;
  std::rethrow_exception(group.exceptions().front());
}
#endif

}  // namespace internal
}  // namespace creche
