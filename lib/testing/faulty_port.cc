// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/faulty_port.h"

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace creche::internal {
namespace {

// How many rounds of the loop a delayed completion takes.
constexpr int kDelay = 5;

std::string OpcodeName(int opcode) {
  switch (opcode) {
    case IORING_OP_ACCEPT:
      return "accept";
    case IORING_OP_CONNECT:
      return "connect";
    case IORING_OP_RECV:
      return "recv";
    case IORING_OP_SEND:
      return "send";
    case IORING_OP_RECVMSG:
      return "recvmsg";
    case IORING_OP_SENDMSG:
      return "sendmsg";
    case IORING_OP_READ:
      return "read";
    case IORING_OP_WRITE:
      return "write";
    case IORING_OP_OPENAT:
      return "openat";
    default:
      return absl::StrCat("operation code ", opcode);
  }
}

}  // namespace

void FaultyPort::Close() {
  // What goes on in the background ends now, and the port's memory goes.
  is_closing_ = true;
  Release();
  Deliver();
  port_.Close();
}

size_t FaultyPort::pending() const {
  const auto is_awaited = [](const Completion& completion) {
    return !completion.is_background();
  };
  const auto count = std::count_if(due_.begin(), due_.end(), is_awaited) +
                     std::count_if(held_.begin(), held_.end(), is_awaited);
  return port_.pending() + static_cast<size_t>(count);
}

void FaultyPort::Start(Operation& operation, const io_uring_sqe& entry) {
  if (IsToFail(entry)) {
    due_.push_back({&operation, -fault_.error, 0});
    return;
  }
  Proxy& proxy = MakeProxy(operation);
  port_.Start(proxy, Shortened(entry, proxy));
}

// What is to be delivered later is not started at once.
bool FaultyPort::StartAtOnce(Operation& operation, const io_uring_sqe& entry,
                             OperationResult& completed) {
  if (IsToFail(entry)) {
    completed = {-fault_.error, 0};
    return true;
  }
  Proxy& proxy = MakeProxy(operation);
  if (is_chosen() && IsToBeHeld()) {
    port_.Start(proxy, entry);
    return false;
  }
  if (!port_.StartAtOnce(proxy, Shortened(entry, proxy), completed)) {
    return false;
  }
  proxy.short_transfer().Finish();
  proxies_.erase(&operation);
  return true;
}

// Counts it.
bool FaultyPort::IsToFail(const io_uring_sqe& entry) {
  ++count_;
  if (!is_chosen()) return false;
  description_ =
      absl::StrCat(OpcodeName(entry.opcode), " on descriptor ", entry.fd);
  if (fault_.kind != Fault::kError) return false;
  has_struck_ = true;
  return true;
}

io_uring_sqe FaultyPort::Shortened(const io_uring_sqe& entry, Proxy& proxy) {
  if (!IsToBeShort()) return entry;
  io_uring_sqe shortened = entry;
  has_struck_ = proxy.short_transfer().Shorten(
      shortened, fault_.kind == Fault::kOneByte
                     ? ShortTransfer::kOneByte
                     : ShortTransfer::kAllButOneByte);
  return shortened;
}

FaultyPort::Proxy& FaultyPort::MakeProxy(Operation& operation) {
  auto proxy = std::make_unique<Proxy>(*this, operation, is_chosen());
  return *(proxies_[&operation] = std::move(proxy));
}

void FaultyPort::Cancel(Operation& operation) {
  if (auto proxy = proxies_.find(&operation); proxy != proxies_.end()) {
    port_.Cancel(*proxy->second);
  } else {
    Release();  // It has completed; the cancellation comes too late.
  }
}

void FaultyPort::ProxyCompleted(Proxy& proxy, int result, unsigned flags) {
  const Completion completion = {&proxy.original(), result, flags};
  const bool is_held = proxy.is_chosen() && IsToBeHeld();
  proxy.short_transfer().Finish();
  if ((flags & IORING_CQE_F_MORE) == 0) proxies_.erase(&proxy.original());
  if (is_closing_) return Complete(completion);
  if (!is_held) {
    due_.push_back(completion);
    if (fault_.kind == Fault::kReordered) Release();
    return;
  }
  has_struck_ = true;
  held_.push_back(completion);
  rounds_left_ = kDelay;
  if (fault_.kind == Fault::kTooLate && cancel_) std::exchange(cancel_, {})();
}

void FaultyPort::Poll() {
  port_.Poll();
  Deliver();
}

// What is held back here is no reason for the other port to return.
void FaultyPort::Wait(absl::Duration at_most) {
  if (due_.empty() && held_.empty()) {
    port_.Wait(at_most);
  } else {
    port_.Poll();
  }
  Deliver();
}

void FaultyPort::Release() {
  for (const Completion& completion : std::exchange(held_, {})) {
    due_.push_back(completion);
  }
}

void FaultyPort::Deliver() {
  if (!held_.empty() && --rounds_left_ <= 0) Release();
  for (const Completion& completion : std::exchange(due_, {})) {
    Complete(completion);
  }
}

void FaultyPort::Complete(const Completion& completion) {
  completion.operation->Completed(completion.result, completion.flags);
}

}  // namespace creche::internal
