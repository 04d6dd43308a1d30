// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/internal/descriptor_operation.h"

#include <liburing.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/errors.h"
#include "creche/core/internal/running.h"
#include "lib/uring/multishot.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

// A transfer of many bytes takes a task's time to complete operations at once
// as so many others would.
constexpr int kOperationsForBulk = 8;

// After so many parts of a transfer, others have their turn.
constexpr int kPartsAtOnce = 4;

}  // namespace

bool DescriptorOperation::SuspendIn(Frame leaf) {
  TaskRecord& task = *running.task;
  const bool may_complete_at_once = SpendOperation();
  if (task.UnwindsIfCancelled(leaf)) return true;
  bool is_complete = true;
  if (descriptor_ == nullptr ||
      (descriptor_->is_closed() && !WorksWhenClosed())) {
    status_ = ClosedResourceError(Describe("it was closed before"));
  } else if (descriptor_->user(direction_) != nullptr) {
    status_ = BusyResourceError(
        Describe("another task is using it in this direction"));
  } else {
    is_complete = TryWithoutKernel();
  }
  if (is_complete) {
    if (may_complete_at_once) return false;
    task.Yield(leaf, /*cancellable=*/false);
    return true;
  }
  descriptor_->BeginUse(direction_, *this);
  if (AwaitsMultishot()) {
    WaitForOther(leaf);
  } else if (may_complete_at_once && IsBulk()) {
    if (TransferInStep()) return false;
    WaitUnderWay(leaf);
  } else {
    io_uring_sqe entry = {};
    Prepare(entry);
    StartAndWait(leaf, entry);
  }
  return true;
}

// The running task starts parts that complete at once: until the operation is
// done, a part does not complete at once, or there have been a few. Returns
// true if the operation is done; otherwise the next part is under way.
//
// A batch of transfers of many bytes would have them all in turn evict each
// other from the cache; done one by one, a task finds there what it received
// when it works on it and sends it on.
bool DescriptorOperation::TransferInStep() {
  for (int parts = 0; parts < kPartsAtOnce; ++parts) {
    running.operations_left -= kOperationsForBulk;
    io_uring_sqe entry = {};
    Prepare(entry);
    if (!StartAtOnce(entry)) return false;
    if (!OnPart(result())) {
      Finish();
      return true;
    }
  }
  io_uring_sqe entry = {};
  Prepare(entry);
  StartNext(entry);
  return false;
}

// What came meanwhile is taken first; then a receive has the descriptor for
// itself.
bool DescriptorOperation::AwaitsMultishot() {
  if (direction_ != SharedDescriptor::kReceive) return false;
  Multishot* const background = descriptor_->multishot();
  if (background == nullptr) return false;
  background->Disarm();
  return background->is_armed();
}

void DescriptorOperation::OnMultishot() {
  if (TryWithoutKernel()) {
    Finish();
    Wake();
  } else if (!AwaitsMultishot()) {
    io_uring_sqe entry = {};
    Prepare(entry);
    StartNext(entry);
  }
}

void DescriptorOperation::OnAbandoned() {
  OnCutShort();
  Finish();
}

void DescriptorOperation::OnClosed() {
  if (is_under_way()) return CancelInKernel();
  if (awaits_its_turn_) return;
  CutShortByClose();
  Wake();
}

void DescriptorOperation::CutShortByClose() {
  OnCutShort();
  status_ = ClosedResourceError(Describe("it was closed meanwhile"));
  Finish();
}

void DescriptorOperation::OnEnd(int result) {
  if (IsCancelled(result) && !may_go_on()) {
    if (!abort_requested()) {
      CutShortByClose();
      return Wake();
    }
    OnCutShort();
    Finish();
    return WakeAborted();
  }
  if (!OnPart(result)) {
    Finish();
    return Wake();
  }
  if (!may_go_on()) return OnEnd(-ECANCELED);
  if (DefersToTaskStep()) {
    awaits_its_turn_ = true;
    return WakeToCheck();
  }
  io_uring_sqe entry = {};
  Prepare(entry);
  StartNext(entry);
}

bool DescriptorOperation::MayResume() {
  awaits_its_turn_ = false;
  if (task().UnwindsIfCancelled(task().leaf())) {
    OnCutShort();
    Finish();
    return false;
  }
  if (descriptor_->is_closed()) {
    CutShortByClose();
    return true;
  }
  if (TransferInStep()) return true;
  WaitUnderWay(task().leaf());
  return false;
}

bool DescriptorOperation::OnFailedPart(int result) {
  if (result == -EINTR) return true;
  Fail(-result);
  OnCutShort();
  return false;
}

void DescriptorOperation::Fail(int error) {
  if (!MeansBroken(error)) {
    status_ = SystemError(error, Where());
    return;
  }
  status_ = BrokenResourceError(Describe(std::strerror(error)));
  descriptor_->OnBroken(direction_, error);
}

bool DescriptorOperation::FailsBy(int error) {
  if (error != 0) Fail(error);
  return error != 0;
}

std::string DescriptorOperation::Where() const {
  std::string where = absl::StrCat(wait_name(), "()");
  if (descriptor_ != nullptr) {
    absl::StrAppend(&where, " on ", descriptor_->Label());
  }
  return where;
}

std::string DescriptorOperation::Describe(absl::string_view text) const {
  return absl::StrCat(Where(), ": ", text);
}

}  // namespace creche::internal
