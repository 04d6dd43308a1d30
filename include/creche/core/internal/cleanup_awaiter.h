// SPDX-License-Identifier: Apache-2.0
//
// CleanupAwaiter: what WithCleanup() gives to co_await.

#ifndef CRECHE_CORE_INTERNAL_CLEANUP_AWAITER_H_
#define CRECHE_CORE_INTERNAL_CLEANUP_AWAITER_H_

#include <coroutine>
#include <exception>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/cancel_node.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/failure.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/task.h"

namespace creche::internal {

// Runs a cleanup in a shielded scope of its own, for whoever has a frame that
// waits for it.
template <typename Cleanup>
class CleanupRun final
    : public Awaiting<BodyResult<Cleanup>, Hooked<Hooks::kBoth>> {
  using Result = BodyResult<Cleanup>;

 public:
  CleanupRun(AsyncBody<Cleanup>&& cleanup, absl::Duration grace)
      : cleanup_(std::move(cleanup)), grace_(grace) {}
  CleanupRun(CleanupRun&& other) noexcept
      : CleanupRun(std::move(other.cleanup_), other.grace_) {}

  // Hands the cleanup to the trampoline; `whoever`'s OnCompleted() is called
  // when it has ended.
  void Begin(HookedContinuation* whoever) {
    whoever_ = whoever;
    scope_.set_shield(true);
    scope_.set_timeout(ToNanoseconds(grace_));
    scope_.Enter(*running.task);
    CRECHE_TRY {
      this->StartAwaitedFromTrampoline(
          TaskAccess::Release(cleanup_.MakeTask()));
    }
    CRECHE_CATCH_ALL {
      exception_ = std::current_exception();
      Finish();
    }
  }

  bool has_ended() const {
    return scope_.stage() == CancelNode::Stage::kExited;
  }
  bool has_failed() const { return exception_ != nullptr || !status_.ok(); }
  const std::exception_ptr& exception() const { return exception_; }
  const absl::Status& status() const { return status_; }

  Frame OnCompleted() override {
    Promise<Result>& promise = this->awaited_promise();
    if (promise.state() == PromiseBase::State::kException) {
      exception_ = promise.exception();
    } else if constexpr (kIsStatusLike<Result>) {
      status_ = StatusOf(promise.value());
    }
    if (!this->DestroyAwaited()) return OnCompleted();
    Finish();
    return {};
  }

  // Its grace has run out.
  Frame OnUnwound() override {
    Finish();
    return {};
  }

 private:
  void Finish() {
    scope_.Exit();
    running.completed = whoever_;
  }

  AsyncBody<Cleanup> cleanup_;
  absl::Duration grace_;
  CancelNode scope_;
  HookedContinuation* whoever_ = nullptr;
  std::exception_ptr exception_;
  absl::Status status_;
};

template <typename Body, typename Cleanup>
class [[nodiscard]] CleanupAwaiter
    : public Awaiting<BodyResult<Body>, Hooked<Hooks::kBoth>> {
  using Result = BodyResult<Body>;
  static_assert(
      !kIsStatusLike<BodyResult<Cleanup>> || kIsStatusLike<Result>,
      "creche: a cleanup that returns a Status needs a body that returns a "
      "Status or StatusOr, so that its error is not lost");

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  CleanupAwaiter(AsyncBody<Body>&& body, AsyncBody<Cleanup>&& cleanup,
                 absl::Duration grace)
      : body_(std::move(body)), cleanup_(std::move(cleanup), grace) {}
  CleanupAwaiter(CleanupAwaiter&& other) noexcept
      : body_(std::move(other.body_)), cleanup_(std::move(other.cleanup_)) {}

  bool await_ready() const { return false; }

  template <typename P>
  void await_suspend(std::coroutine_handle<P> parent) {
    this->awaiting_ = Frame(parent);
    CRECHE_TRY {
      if (this->StartAwaited(TaskAccess::Release(body_.MakeTask()))) {
        running.completed = this;
      }
    }
    CRECHE_CATCH_ALL {
      body_thrown_ = std::current_exception();
      running.completed = this;
    }
  }

  // Called twice: when the body has ended, and when the cleanup has.
  Frame OnCompleted() override {
    if (!cleanup_.has_ended()) {
      if (this->awaited_) NoteFailureOfBody();
      cleanup_.Begin(this);
      return {};
    }
    const bool body_unwound =
        !this->awaited_ && body_thrown_ == nullptr && body_error_.ok();
    if (body_unwound && !cleanup_.has_failed()) return this->awaiting_;
    PromiseBase::Resume(this->awaiting_);
    return {};
  }

  Frame OnUnwound() override {
    cleanup_.Begin(this);
    return {};
  }

  Result await_resume() {
    if (cleanup_.has_failed()) [[unlikely]]
      return TakeFailures();
    if (body_thrown_ != nullptr) std::rethrow_exception(body_thrown_);
    if constexpr (kIsStatusLike<Result>) {
      if (!body_error_.ok()) return std::move(body_error_);
    }
    return this->TakeResult();
  }

 private:
  // The locals of a body that has ended early are destroyed before the cleanup
  // runs, as with co_return. What one of their destructors throws replaces the
  // error.
  void NoteFailureOfBody() {
    Promise<Result>& promise = this->awaited_promise();
    if (promise.state() == PromiseBase::State::kException) {
      body_thrown_ = promise.exception();
    } else if constexpr (kIsStatusLike<Result>) {
      body_error_ = StatusOf(promise.value());
    }
    if (body_thrown_ == nullptr && body_error_.ok()) return;
    if (this->DestroyAwaited()) return;
    body_error_ = absl::OkStatus();
    body_thrown_ = promise.exception();
    this->DestroyAwaited();
  }

  // The cleanup has failed: its error joins the body's, if that failed too, and
  // replaces its value or cancellation otherwise.
  Result TakeFailures() {
    if (body_thrown_ == nullptr && body_error_.ok() &&
        cleanup_.exception() != nullptr) {
      std::rethrow_exception(cleanup_.exception());
    }
    std::vector<Failure> failures;
    if (body_thrown_ != nullptr) failures.emplace_back(body_thrown_);
    if (!body_error_.ok()) failures.emplace_back(body_error_);
    if (cleanup_.exception() != nullptr) {
      failures.emplace_back(cleanup_.exception());
    } else {
      failures.emplace_back(cleanup_.status());
    }
    absl::Status failed = RaiseFailures(std::move(failures));
    if constexpr (kIsStatusLike<Result>) {
      return failed;
    } else {
      // Without a Status to return, only exceptions can be here.
      std::terminate();
    }
  }

  AsyncBody<Body> body_;
  CleanupRun<Cleanup> cleanup_;
  std::exception_ptr body_thrown_;
  absl::Status body_error_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_CLEANUP_AWAITER_H_
