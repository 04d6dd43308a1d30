// SPDX-License-Identifier: Apache-2.0
//
// Nursery: a block that ends only when all its child tasks have ended.
//
//   absl::Status status = co_await creche::WithNursery(
//       [&](creche::Nursery& nursery) -> creche::Task<absl::Status> {
//         nursery.StartSoon(ReadRequests, std::ref(stream));
//         nursery.StartSoon(SendHeartbeats, std::ref(stream));
//         co_return absl::OkStatus();
//       });
//   // Here both have ended, and `status` says how.

#ifndef CRECHE_CORE_NURSERY_H_
#define CRECHE_CORE_NURSERY_H_

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/kept_argument.h"
#include "creche/core/internal/kept_callable.h"
#include "creche/core/internal/promise.h"
#include "creche/core/internal/safe_closure.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
#include "creche/core/task_status.h"

namespace creche {
namespace internal {

template <typename Body>
class NurseryAwaiter;
class NurseryAccess;

template <typename F>
class NamedCallable {
 public:
  NamedCallable(absl::string_view name, F f) : name_(name), f_(std::move(f)) {}

  const std::string& name() const { return name_; }

  template <typename... Args>
  CRECHE_CORO_WRAPPER decltype(auto) operator()(Args&&... args) {
    return internal::Call(std::move(f_), std::forward<Args>(args)...);
  }

 private:
  std::string name_;
  F f_;
};

template <typename F>
inline constexpr bool kIsNamed = false;
template <typename F>
inline constexpr bool kIsNamed<NamedCallable<F>> = true;

// As safe as what it names: g++ 12 goes wrong with closures and aggregates.
template <typename F>
inline constexpr bool kIsSafeClosure<NamedCallable<F>> = kIsSafeClosure<F>;

}  // namespace internal

// Gives the task that runs `f` a name: StartSoon(Named("reader", Read), ...).
template <typename F>
auto Named(absl::string_view name, F f) {
  return internal::NamedCallable<F>(name, std::move(f));
}

// Children inherit the cancel scopes of the place where the nursery was opened,
// and the task-locals of whoever calls StartSoon(). The body counts as a child.
// The first failure (an error Status or an exception) cancels everyone, the
// body included. A nursery whose body has ended still accepts children while
// others run.
//
// The body loses its locals when it ends, before its children have: what
// children refer to must be outside of WithNursery().
//
// There is no way to have a nursery but WithNursery(). It belongs to the thread
// of its run: to use it elsewhere aborts.
class Nursery {
 public:
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  // Starts a child task that runs f(args...), which returns Task<void> or
  // Task<absl::Status>. Copies or moves `f` and `args` into the child (pass
  // std::ref() for references), where they live until it has ended, and hands
  // them to `f` as rvalues; what `f` takes by reference and is given as
  // something else ("text" for a const std::string&) is converted, and kept, at
  // once. Returns before the child runs. A child of a cancelled nursery still
  // starts, and unwinds at its first checkpoint. Aborts if the nursery has
  // closed, and if std::ref() or a pointer refers to a local of the nursery's
  // body, or of a call that the body awaits.
  // Order: children become runnable in the order of the calls.
  template <typename F, typename... Args>
  void StartSoon(F&& f, Args&&... args);

  // Starts a child that runs f(args..., TaskStatus<V>), and waits until it
  // calls Started(v) on that status; co_await gives v, or the error it ended
  // with before. See core/task_status.h.
  //
  // Cancellation: until Started(), the child is cancelled with its caller, and
  // has then left nothing in this nursery.
  // Errors: the child's own, unwrapped; kFailedPrecondition: it ended without
  // calling Started(). Aborts as StartSoon() does.
  template <typename V = void, typename F, typename... Args>
  CRECHE_CORO_WRAPPER Task<StatusOrOf<V>> Start(F&& f, Args&&... args);

  // Cancels the body and all children.
  void Cancel(absl::string_view reason = "") { cancel_scope().Cancel(reason); }

  // The scope around body and children: to move its deadline, say.
  CancelScope& cancel_scope() { return *scope_; }

  // The number of children that have not ended, the body not counted.
  size_t child_count() const { return child_count_; }

 private:
  friend class internal::NurseryAccess;
  template <typename Body>
  friend class internal::NurseryAwaiter;

  // Nurseries are not destroyed when they close, but kept for a later
  // WithNursery(), so that a call on one that has closed finds an object that
  // can say so.
  class Shelf;

  Nursery() = default;
  ~Nursery() = default;

  static Nursery& Open(internal::TaskRecord& parent);
  void CheckOpen(const char* what) {
    if (!is_open_ || !internal::ScopeAccess::Node(*scope_).is_of_this_run())
        [[unlikely]] {
      RefuseTo(what);
    }
  }
  [[noreturn]] void RefuseTo(const char* what) const;

  // Aborts if what is kept for a child, from now on, refers to something in a
  // frame that may go before the child does.
  template <typename F, typename... Args>
  void CheckOutlives(const char* what, const F& f, const Args&... args) const {
    CheckKept(std::type_identity<internal::KeptArguments<F, Args...>>(), what,
              f, args...);
  }
  template <typename... Kept, typename F, typename... Args>
  void CheckKept(std::type_identity<std::tuple<Kept...>>, const char* what,
                 const F& f, const Args&... args) const {
    if (RefersToTheBody<std::decay_t<F>>(f) ||
        (RefersToTheBody<Kept>(args) || ...)) [[unlikely]] {
      RefuseToLend(what);
    }
  }
  template <typename Kept, typename Given>
  bool RefersToTheBody(const Given& given) const {
    if constexpr (internal::kRefers<Kept>) {
      return IsInTheBody(internal::ReferredTo<Kept>(given));
    }
    return false;
  }
  bool IsInTheBody(const volatile void* address) const;
  [[noreturn]] static void RefuseToLend(const char* what);

  void Adopt(internal::TaskRecord* child) {
    children_.PushBack(child);
    ++child_count_;
    child->Spawn();
  }
  void Fail(internal::Failure failure, const std::string& whose);

  void BodyBegins(const internal::PromiseBase& body) { body_ = &body; }
  // The body has completed or been unwound; its task waits for the children,
  // in the frame `block`.
  void BodyEnded(internal::Frame block);
  void BodyUnwound();
  bool body_ended() const { return body_ended_; }
  void WakeIfEmpty() {
    if (body_ended_ && child_count_ == 0 && pending_starts_ == 0) AllEnded();
  }
  void AllEnded();

  // Everyone has ended. Returns true if a cancellation goes on outwards.
  bool Leave();
  std::vector<internal::Failure> TakeFailures() { return std::move(failures_); }
  std::string reason() const { return scope_->reason(); }
  void Close();

  std::optional<CancelScope> scope_;
  internal::TaskRecord* parent_ = nullptr;
  const internal::PromiseBase* body_ = nullptr;  // Until it has ended.
  internal::IntrusiveList<internal::TaskRecord, internal::NurseryTasks>
      children_;
  size_t child_count_ = 0;
  size_t pending_starts_ = 0;
  bool is_open_ = false;
  bool body_ended_ = false;
  bool anyone_unwound_ = false;
  bool keeps_completed_ = false;  // Leave() never passes a cancellation on.
  std::vector<internal::Failure> failures_;
  Nursery* next_ = nullptr;  // On the shelf.
};

namespace internal {

// For the other files that make nurseries what they are.
class NurseryAccess {
 public:
  static CancelNode& Scope(Nursery& nursery) {
    return ScopeAccess::Node(*nursery.scope_);
  }
  static TaskRecord* Parent(const Nursery& nursery) { return nursery.parent_; }
  static const IntrusiveList<TaskRecord, NurseryTasks>& Children(
      const Nursery& nursery) {
    return nursery.children_;
  }
  static void CheckOpen(Nursery& nursery, const char* what) {
    nursery.CheckOpen(what);
  }
  static void Adopt(Nursery& nursery, TaskRecord* child) {
    nursery.Adopt(child);
  }
  // A child ends, in its own step; it is deleted.
  template <typename Child>
  static void ChildSucceeded(Child& child) {
    Nursery& nursery = *child.nursery();
    child.Unlink();
    --nursery.child_count_;
    child.Exit();
    delete &child;
    nursery.WakeIfEmpty();
  }
  static void ChildFailed(TaskRecord& child, Failure failure);
  static void ChildUnwound(TaskRecord& child);

  // A pending Start() keeps `nursery` open.
  static void AddPendingStart(Nursery& nursery);
  static void RemovePendingStart(Nursery& nursery);

  // Moves `child`, with all below it, into another nursery.
  static void Move(TaskRecord& child, Nursery& to);

  // What completed is not given up for a cancellation from outside.
  static void KeepCompleted(Nursery& nursery) {
    nursery.keeps_completed_ = true;
  }
};

// A new task of `nursery` that runs f(args...). Defined in
// internal/child_task.h.
template <typename F, typename... Args>
TaskRecord* NewChild(Nursery* nursery, F&& f, Args&&... args);

template <typename Body>
class [[nodiscard]] NurseryAwaiter
    : public Awaiting<AwaitResult<CallResult<Body, Nursery&>>,
                      HookedContinuation> {
  using Result = AwaitResult<CallResult<Body, Nursery&>>;
  using Base = Awaiting<Result, HookedContinuation>;

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;

  explicit NurseryAwaiter(Body&& body)
      : Base(Continuation::Kind::kBoundary), body_(std::forward<Body>(body)) {}
  NurseryAwaiter(NurseryAwaiter&& other) noexcept
      : Base(Continuation::Kind::kBoundary),
        body_(std::forward<Body>(other.body_)) {}
  ~NurseryAwaiter() {
    if (nursery_ != nullptr) nursery_->Close();
  }

  bool await_ready() const { return false; }

  template <typename P>
  void await_suspend(std::coroutine_handle<P> parent) {
    this->awaiting_ = Frame{parent, &parent.promise()};
    block_.set_continuation(this);
    nursery_ = &Nursery::Open(*running.task);
    CRECHE_TRY {
      const auto body = TaskAccess::Release(
          AsTask(internal::Call(std::forward<Body>(body_), *nursery_)));
      if (body) nursery_->BodyBegins(body.promise());
      if (this->StartAwaited(body)) running.completed = this;
    }
    CRECHE_CATCH_ALL {
      nursery_->Fail(Failure(std::current_exception()), kBodyName);
      EndBody();
    }
  }

  StatusOrOf<Result> await_resume() {
    absl::Status failed = RaiseFailures(nursery_->TakeFailures());
    if (!failed.ok()) return failed;
    if constexpr (std::is_void_v<Result> ||
                  std::is_same_v<Result, absl::Status>) {
      return absl::OkStatus();
    } else {
      if (!result_.has_value()) {
        return absl::CancelledError(CancelledMessage(nursery_->reason()));
      }
      return *std::move(result_);
    }
  }

  Frame OnCompleted() override {
    if (nursery_->body_ended()) {
      if (nursery_->Leave()) return this->awaiting_;
      PromiseBase::GoOn(this->awaiting_);
      return {};
    }
    CRECHE_TRY { TakeBodyResult(); }
    CRECHE_CATCH_ALL {
      nursery_->Fail(Failure(std::current_exception()), kBodyName);
    }
    EndBody();
    return {};
  }

  Frame OnUnwound() override {
    nursery_->BodyUnwound();
    EndBody();
    return {};
  }

 private:
  static constexpr const char* kBodyName = "the nursery's body";

  void EndBody() { nursery_->BodyEnded(Frame{{}, &block_}); }

  // The body's frame goes before its children go on: also where nothing is left
  // in it, so that sanitizers see who refers to it still.
  void TakeBodyResult() {
    if constexpr (std::is_void_v<Result>) {
      this->TakeResult();
    } else if constexpr (kIsStatusLike<Result>) {
      Result result = this->TakeResult();
      if (!result.ok()) {
        nursery_->Fail(Failure(StatusOf(result)), kBodyName);
      } else if constexpr (kKeepsResult) {
        result_.emplace(std::move(result));
      }
    } else {
      result_.emplace(this->TakeResult());
    }
  }

  struct Nothing {};
  static constexpr bool kKeepsResult =
      !std::is_void_v<Result> && !std::is_same_v<Result, absl::Status>;

  KeptCallable<Body> body_;
  Nursery* nursery_ = nullptr;
  [[no_unique_address]] std::conditional_t<kKeepsResult, std::optional<Result>,
                                           Nothing> result_;
  PromiseOfPlace block_;  // Where the task waits for the children.
};

}  // namespace internal

template <typename F, typename... Args>
void Nursery::StartSoon(F&& f, Args&&... args) {
  static_assert(!internal::TaskAwaitable<std::decay_t<F>>,
                "creche: StartSoon() itself calls what makes the task: write "
                "StartSoon(Work, args...), not StartSoon(Work(args...))");
  static_assert(
      std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>,
      "creche: StartSoon(f, args...) calls f with copies of args, as rvalues, "
      "and f does not take these: are there too few, or too many? "
      "Pass std::ref(x) where f takes a reference");
  CheckOpen("StartSoon");
  CheckOutlives<F, Args...>("StartSoon", f, args...);
  Adopt(internal::NewChild(this, std::forward<F>(f),
                           std::forward<Args>(args)...));
}

// Opens a nursery and runs body(nursery), which returns a Task<R>. co_await
// gives StatusOrOf<R> when the body and all children have ended:
// - nobody failed: the body's result, or OK;
// - one failed with an error Status: that very Status;
// - several failed: what GroupErrors() makes of them, in order of arrival;
// - anything has thrown: an ExceptionGroup is thrown;
// - cancelled by its own scope, without an error: OK, or kCancelled where the
//   body was to give a value;
// - cancelled from outside: the cancellation goes on outwards.
//
// Cancellation: as of the body and the children. Leaving the nursery is always
// a schedule point and never a cancel point: if all ended cleanly, the code
// after it runs.
template <typename Body>
auto WithNursery(Body&& body) {
  CRECHE_REQUIRE_SAFE_CLOSURE(Body);
  static_assert(std::is_invocable_v<Body, Nursery&>,
                "creche: WithNursery() takes a callable with a parameter "
                "creche::Nursery&");
  constexpr bool kReturnsTask = internal::kReturnsAwaitable<Body, Nursery&>;
  static_assert(
      !std::is_invocable_v<Body, Nursery&> || kReturnsTask,
      "creche: a nursery's body must return a Task (is it a coroutine "
      "with the return type creche::Task<...>?)");
  if constexpr (kReturnsTask) {
    return internal::NurseryAwaiter<Body>(std::forward<Body>(body));
  }
}

}  // namespace creche

#include "creche/core/internal/child_task.h"
#include "creche/core/internal/start.h"

#endif  // CRECHE_CORE_NURSERY_H_
