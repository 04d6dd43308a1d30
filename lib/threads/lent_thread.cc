// SPDX-License-Identifier: Apache-2.0

#include "lib/threads/lent_thread.h"

#include <memory>
#include <utility>

namespace creche::internal {
namespace {

// The address of the task-local.
constexpr char kVariable = 0;

}  // namespace

std::shared_ptr<LentThread> LentThread::OfThisTask() {
  const void* thread = FindLocal(&kVariable);
  if (thread == nullptr) return nullptr;
  auto* lent = const_cast<LentThread*>(static_cast<const LentThread*>(thread));
  return lent->is_open() ? lent->shared_from_this() : nullptr;
}

LentThread::Lending::Lending(std::shared_ptr<LentThread> thread)
    : thread_(thread), binding_(&kVariable, std::move(thread)) {}

}  // namespace creche::internal
