// SPDX-License-Identifier: Apache-2.0

#include "creche/threads/run_handle.h"

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "creche/core/internal/misuse.h"
#include "creche/core/internal/running.h"
#include "lib/threads/call_request.h"
#include "lib/threads/message_memory.h"
#include "lib/threads/run_gate.h"
#include "lib/threads/run_threads.h"
#include "lib/threads/thread_work.h"

namespace creche {
namespace {

using internal::MessageMemory;
using internal::RunGate;

class PostedFunction final : public internal::RunMessage {
 public:
  explicit PostedFunction(absl::AnyInvocable<void()>&& f) noexcept
      : f_(std::move(f)) {}

  static void* operator new(size_t /*size*/, MessageMemory& memory) {
    return memory.Allocate();
  }
  static void operator delete(void* block) noexcept {
    MessageMemory::Free(block);
  }

  void Deliver() noexcept override {
    const std::unique_ptr<PostedFunction> self(this);
    f_();
  }

 private:
  absl::AnyInvocable<void()> f_;
};
static_assert(sizeof(PostedFunction) <= MessageMemory::kBlockSize);

std::shared_ptr<RunGate> CurrentGate() {
  if (internal::running.scheduler != nullptr) {
    return internal::RunThreads::Current().gate();
  }
  if (auto* work = internal::ThreadWork::OfThisThread()) return work->gate();
  internal::Misuse(
      "RunHandle::Current() was called outside of a run, and not in what runs "
      "in a thread for one");
}

}  // namespace

RunHandle RunHandle::Current() { return RunHandle(CurrentGate()); }

RunHandle::RunHandle(std::shared_ptr<RunGate> gate) : gate_(std::move(gate)) {
  if (gate_ != nullptr) gate_->AddHandle();
}

RunHandle::RunHandle(const RunHandle& other) : RunHandle(other.gate_) {}

RunHandle& RunHandle::operator=(RunHandle other) noexcept {
  std::swap(gate_, other.gate_);
  return *this;
}

RunHandle::~RunHandle() {
  if (gate_ != nullptr) gate_->RemoveHandle();
}

bool RunHandle::Post(absl::AnyInvocable<void()> f) const {
  if (gate_ == nullptr) return false;
  std::unique_ptr<PostedFunction> posted(new (gate_->memory())
                                             PostedFunction(std::move(f)));
  if (!gate_->Send(*posted)) return false;
  static_cast<void>(posted.release());
  return true;
}

namespace internal {

absl::Status PerformCall(const std::shared_ptr<RunGate>& gate, CallBody& body) {
  if (gate != nullptr && gate->is_hosts_thread()) {
    Misuse(
        "RunHandle::Call() was called on the thread of the handle's own run, "
        "which would wait for itself: co_await what is to be done, or Post() "
        "it");
  }
  ThreadWork* const work = ThreadWork::OfThisThread();
  const bool is_callers_run = work != nullptr && work->gate() == gate;
  CallRequest request(body,
                      is_callers_run ? work->shared_from_this() : nullptr);
  if (gate == nullptr || !gate->Send(request)) {
    return absl::CancelledError("RunHandle::Call: the run is over");
  }
  return request.Wait();
}

}  // namespace internal
}  // namespace creche
