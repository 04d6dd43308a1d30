// SPDX-License-Identifier: Apache-2.0
//
// ScopedAwaiter: a body inside a scope.

#ifndef CRECHE_CORE_INTERNAL_SCOPED_AWAITER_H_
#define CRECHE_CORE_INTERNAL_SCOPED_AWAITER_H_

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/awaiting_body.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/results.h"

namespace creche::internal {

// What a Status says of a task that was cancelled for `reason`.
std::string CancelledMessage(absl::string_view reason);

// Runs a body inside a scope. What it gives to co_await is up to the classes
// derived from it.
template <typename Body>
class ScopedAwaiter : public AwaitingBody<Body, Hooked<Hooks::kUnwinding>> {
  using Base = AwaitingBody<Body, Hooked<Hooks::kUnwinding>>;

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  bool await_ready() const { return false; }

  Frame OnCompleted() final { return {}; }

  Frame OnUnwound() final {
    if (!node_->ExitUnwinding()) return this->awaiting_;
    PromiseBase::Resume(this->awaiting_);
    return {};
  }

 protected:
  using Result = BodyResult<Body>;

  explicit ScopedAwaiter(AsyncBody<Body>&& body) : Base(std::move(body)) {}
  ScopedAwaiter(ScopedAwaiter&& other) noexcept = default;
  ~ScopedAwaiter() = default;

  // The part of SuspendIn().
  bool RunIn(CancelNode& node, Frame awaiting) {
    this->awaiting_ = awaiting;
    node_ = &node;
    node.Enter(*running.task);
    CRECHE_TRY { return !this->StartBody(); }
    CRECHE_CATCH_ALL {
      node.Exit();
      CRECHE_RETHROW;
    }
    return false;
  }

  // The parts of await_resume. True if the scope caught a cancellation;
  // otherwise the body's result is to be taken, which leaves the scope.
  bool was_caught() const { return node_->caught(); }
  Result TakeBodyResult() {
    this->EndBody();
    node_->Exit();
    return this->TakeResult();
  }
  Completed<Result> TakeCompleted() {
    if constexpr (std::is_void_v<Result>) {
      if (was_caught()) return false;
      TakeBodyResult();
      return true;
    } else {
      if (was_caught()) return std::nullopt;
      return TakeBodyResult();
    }
  }

  const CancelNode& node() const { return *node_; }

 private:
  CancelNode* node_ = nullptr;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_SCOPED_AWAITER_H_
