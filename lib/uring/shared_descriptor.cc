// SPDX-License-Identifier: Apache-2.0

#include "creche/uring/internal/shared_descriptor.h"

#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/misuse.h"
#include "creche/uring/internal/descriptor_operation.h"
#include "creche/uring/operation_port.h"
#include "lib/uring/multishot.h"

namespace creche::internal {

void SharedDescriptor::Close() {
  if (is_closed_) return;
  is_closed_ = true;
  if (Multishot* const background = multishot()) {
    background->Clear();
    background->Disarm();
  }
  for (DescriptorOperation* operation : users_) {
    if (operation != nullptr) operation->OnClosed();
  }
  if (!is_in_use() || OperationPort::Current().SubmitNow()) CloseDescriptor();
}

std::string SharedDescriptor::Label() const {
  return absl::StrCat("descriptor ", number_);
}

int SharedDescriptor::Release() {
  if (is_closed_) return -1;
  if (is_in_use() || HoldsReceived()) {
    Misuse(absl::StrCat(
        "Release() on ", Label(),
        ": an operation is under way, or something has been received that "
        "nobody has taken (Receive() and Accept() receive ahead): only an idle "
        "socket can move"));
  }
  is_closed_ = true;
  return std::exchange(fd_, -1);
}

bool SharedDescriptor::HoldsReceived() const {
  const Multishot* const background = multishot();
  return background != nullptr && !background->is_empty();
}

bool SharedDescriptor::is_in_use() const {
  if (users_[kReceive] != nullptr || users_[kSend] != nullptr) return true;
  const Multishot* const background = multishot();
  return background != nullptr && background->is_armed();
}

void SharedDescriptor::CloseDescriptor() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace creche::internal
