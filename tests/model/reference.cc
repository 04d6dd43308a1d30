// SPDX-License-Identifier: Apache-2.0

#include "tests/model/reference.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/script.h"

namespace creche::model {
namespace {

struct Task;
struct Nursery;
using Errors = std::vector<std::string>;

struct Scope {
  Scope* parent = nullptr;
  std::vector<Scope*> inside;  // Entered directly in here, in that order.
  Task* owner = nullptr;
  Nursery* nursery = nullptr;
  bool entered = false;
  bool exited = false;
  bool cancel_called = false;
  bool caught = false;
  bool shield = false;
  int deadline = kNever;
  int timeout = kNever;  // Until it is entered.
  int armed = 0;         // When its deadline was set.
  std::string reason;
};

struct Nursery {
  Scope scope;
  Task* parent = nullptr;
  std::vector<Task*> children;
  int pending_starts = 0;
  bool body_ended = false;
  bool anyone_unwound = false;
  Errors errors;
};

// A Start() that has not returned.
struct Start {
  Nursery* target;
  Nursery* first_life;
  Task* child;
  bool started = false;
  bool over = false;
};

// A block that a task is in, and what it is the body of.
struct Frame {
  const Block* block;
  const Step* made_by;  // Null: of the main task.
  Scope* scope = nullptr;
  Nursery* nursery = nullptr;
  std::size_t next = 0;
  bool is_cleanup = false;  // Of a body that has ended like this:
  bool body_unwound = false;
  Errors body_errors = {};
};

enum class State { kNew, kRunnable, kRunning, kWaiting, kAborting, kEnded };
enum class Wait { kNone, kSleep, kPark, kSlow, kNursery };

struct Task {
  int id = 0;
  State state = State::kNew;
  Scope* scope = nullptr;  // The innermost.
  Nursery* home = nullptr;
  std::vector<Frame> frames;
  bool stop = false;          // Unwinds when its turn comes.
  bool check_cancel = false;  // Unwinds then if it is cancelled.
  Wait wait = Wait::kNone;
  int wake_time = 0;
  int armed = 0;
  int lot = 0;
  Nursery* nursery = nullptr;          // Whose end it waits for...
  const Step* nursery_step = nullptr;  // ... and where.
  const Step* slow_step = nullptr;
};

class Reference {
 public:
  explicit Reference(const Script& script)
      : script_(script),
        scopes_(script.ids),
        nurseries_(script.ids),
        starts_(script.ids) {
    root_.entered = true;
    Configure(script.main);
  }

  Trace Run() {
    Task& main = *tasks_.emplace_back(std::make_unique<Task>());
    main.scope = &root_;
    main.frames.push_back(Frame{&script_.main, nullptr});
    runnable_.push_back(&main);
    while (!main_ended_) {
      ExpireDeadlines();
      if (runnable_.empty()) {
        if (!JumpToNextDeadline()) {
          Record("deadlock");
          break;
        }
        continue;
      }
      for (std::size_t left = runnable_.size(); left > 0; --left) {
        Task& task = *runnable_.front();
        runnable_.pop_front();
        RunStep(task);
      }
    }
    return std::move(trace_);
  }

 private:
  void Configure(const Block& block) {
    for (const Step& step : block.steps) {
      if (step.op == Op::kScope) {
        auto scope = std::make_unique<Scope>();
        scope->timeout = step.amount;
        scope->shield = step.shield;
        scopes_[step.id] = std::move(scope);
      }
      Configure(step.body);
      Configure(step.cleanup);
    }
  }

  void Record(std::string what) {
    trace_.push_back(Event{now_, std::move(what)});
  }

  // ---- Scopes.

  static bool SeesOutside(const Scope& scope) {
    return !scope.shield && scope.parent != nullptr &&
           IsCancelled(*scope.parent);
  }
  static bool IsCancelled(const Scope& scope) {
    return scope.cancel_called || SeesOutside(scope);
  }
  static bool Catches(const Scope& scope) {
    return scope.cancel_called && !SeesOutside(scope);
  }
  // Of the nearest cancelled scope that is visible.
  static std::string VisibleReason(const Scope& scope) {
    if (scope.cancel_called || !SeesOutside(scope)) return scope.reason;
    return VisibleReason(*scope.parent);
  }

  void Enter(Task& task, Scope& scope) {
    scope.entered = true;
    scope.owner = &task;
    scope.parent = task.scope;
    scope.parent->inside.push_back(&scope);
    task.scope = &scope;
    if (scope.timeout != kNever) {
      scope.deadline = std::min(scope.deadline, now_ + scope.timeout);
    }
    scope.timeout = kNever;
    if (scope.deadline == kNever || scope.cancel_called) return;
    if (scope.deadline <= now_) {
      Cancel(scope, "deadline");
    } else {
      scope.armed = ++clock_ticks_;
    }
  }

  void Exit(Task& task, Scope& scope) {
    std::erase(scope.parent->inside, &scope);
    task.scope = scope.parent;
    scope.parent = nullptr;
    scope.exited = true;
  }

  void Cancel(Scope& scope, const std::string& reason) {
    if (scope.cancel_called || scope.exited) return;
    scope.cancel_called = true;
    scope.reason = reason;
    Deliver(scope);
  }

  // Tells all who wait in here and are cancelled: those who stand right here
  // first, then those further in.
  void Deliver(Scope& scope) {
    std::vector<Task*> here;
    if (scope.owner != nullptr) here.push_back(scope.owner);
    if (scope.nursery != nullptr) {
      for (Task* child : scope.nursery->children) here.push_back(child);
    }
    for (Task* task : here) {
      if (task->scope == &scope && IsCancelled(scope)) Abort(*task);
    }
    for (Scope* inside : scope.inside) Deliver(*inside);
  }

  // A deadline is noticed when somebody asks.
  bool CancelCalled(Scope& scope) {
    if (!scope.cancel_called && !scope.exited && scope.deadline <= now_) {
      Cancel(scope, "deadline");
    }
    return scope.cancel_called;
  }

  int EffectiveDeadline(const Scope& scope) const {
    if (IsCancelled(scope)) return -1;
    int earliest = scope.deadline;
    if (scope.shield || scope.parent == nullptr) return earliest;
    return std::min(earliest, EffectiveDeadline(*scope.parent));
  }

  // ---- Time.

  std::vector<Scope*> ArmedScopes() {
    std::vector<Scope*> armed;
    CollectArmed(root_, armed);
    return armed;
  }
  void CollectArmed(Scope& scope, std::vector<Scope*>& armed) {
    if (!scope.cancel_called && scope.deadline != kNever) {
      armed.push_back(&scope);
    }
    for (Scope* inside : scope.inside) CollectArmed(*inside, armed);
  }
  std::vector<Task*> Sleepers() {
    std::vector<Task*> sleepers;
    for (auto& task : tasks_) {
      if (task->state == State::kWaiting && task->wait == Wait::kSleep) {
        sleepers.push_back(task.get());
      }
    }
    return sleepers;
  }

  // All scopes that are due, then all sleeps that still are.
  void ExpireDeadlines() {
    std::vector<Scope*> scopes = ArmedScopes();
    std::erase_if(scopes, [&](Scope* s) { return s->deadline > now_; });
    std::sort(scopes.begin(), scopes.end(), [](Scope* a, Scope* b) {
      return std::pair(a->deadline, a->armed) <
             std::pair(b->deadline, b->armed);
    });
    for (Scope* scope : scopes) Cancel(*scope, "deadline");
    std::vector<Task*> sleepers = Sleepers();
    std::erase_if(sleepers, [&](Task* t) { return t->wake_time > now_; });
    std::sort(sleepers.begin(), sleepers.end(), [](Task* a, Task* b) {
      return std::pair(a->wake_time, a->armed) <
             std::pair(b->wake_time, b->armed);
    });
    for (Task* task : sleepers) MakeRunnable(*task);
  }

  bool JumpToNextDeadline() {
    int next = kNever;
    for (Scope* scope : ArmedScopes()) next = std::min(next, scope->deadline);
    for (Task* task : Sleepers()) next = std::min(next, task->wake_time);
    now_ = std::max(now_, next);
    return next != kNever;
  }

  // ---- Waiting.

  void MakeRunnable(Task& task) {
    task.state = State::kRunnable;
    runnable_.push_back(&task);
  }
  void Yield(Task& task, bool cancellable) {
    task.check_cancel = cancellable;
    MakeRunnable(task);
  }
  void Stop(Task& task) {
    task.stop = true;
    MakeRunnable(task);
  }
  // Returns false if the task is cancelled and stops instead.
  bool BeginWait(Task& task, Wait wait) {
    if (IsCancelled(*task.scope)) {
      Stop(task);
      return false;
    }
    task.state = State::kWaiting;
    task.wait = wait;
    return true;
  }

  void Abort(Task& task) {
    if (task.state != State::kWaiting || task.wait == Wait::kNursery) return;
    if (task.wait == Wait::kSlow) {
      Record("abort of " + std::to_string(task.slow_step->id));
      task.state = State::kAborting;
      return;
    }
    if (task.wait == Wait::kPark) std::erase(lots_[task.lot], &task);
    Stop(task);
  }

  void Sleep(Task& task, int amount) {
    if (IsCancelled(*task.scope)) return Stop(task);
    if (amount <= 0) return Yield(task, true);
    BeginWait(task, Wait::kSleep);
    task.wake_time = now_ + amount;
    task.armed = ++clock_ticks_;
  }

  void Unpark(int lot, int count) {
    for (; count > 0 && !lots_[lot].empty(); --count) {
      MakeRunnable(*lots_[lot].front());
      lots_[lot].pop_front();
    }
  }
  void FinishSlow() {
    for (Task* task : std::exchange(slow_, {})) {
      if (task->state == State::kAborting && !task->slow_step->flag) {
        Stop(*task);
      } else {
        MakeRunnable(*task);
      }
    }
  }

  // ---- Nurseries.

  void OpenNursery(Task& task, Nursery& nursery) {
    nursery.scope.nursery = &nursery;
    nursery.parent = &task;
    Enter(task, nursery.scope);
  }

  Task& Spawn(Nursery& nursery, const Step& step) {
    Task& child = *tasks_.emplace_back(std::make_unique<Task>());
    child.id = step.id;
    child.scope = &nursery.scope;
    child.home = &nursery;
    child.frames.push_back(Frame{&step.body, &step});
    nursery.children.push_back(&child);
    runnable_.push_back(&child);
    return child;
  }

  void Fail(Nursery& nursery, const Errors& errors, const char* whose) {
    if (!CancelCalled(nursery.scope)) Cancel(nursery.scope, whose);
    nursery.errors.insert(nursery.errors.end(), errors.begin(), errors.end());
  }

  void SomeoneUnwound(Nursery& nursery) {
    nursery.anyone_unwound = true;
    Cancel(nursery.scope, VisibleReason(nursery.scope));
  }

  void WakeParentIfEmpty(Nursery& nursery) {
    if (nursery.body_ended && nursery.children.empty() &&
        nursery.pending_starts == 0) {
      MakeRunnable(*nursery.parent);
    }
  }

  void BodyEnded(Task& task, Nursery& nursery, const Step& step) {
    nursery.body_ended = true;
    task.state = State::kWaiting;
    task.wait = Wait::kNursery;
    task.nursery = &nursery;
    task.nursery_step = &step;
    WakeParentIfEmpty(nursery);
  }

  void ChildEnded(Task& task) {
    task.state = State::kEnded;
    std::erase(task.home->children, &task);
    WakeParentIfEmpty(*task.home);
  }

  void BeginStart(Task& task, const Step& step) {
    auto start = std::make_unique<Start>();
    start->target = nurseries_[step.target];
    ++start->target->pending_starts;
    Nursery& first_life = *own_.emplace_back(std::make_unique<Nursery>());
    start->first_life = &first_life;
    OpenNursery(task, first_life);
    start->child = &Spawn(first_life, step);
    starts_[step.id] = std::move(start);
    BodyEnded(task, first_life, step);
  }

  void EndStart(const Step& step) {
    Start& start = *starts_[step.id];
    start.over = true;
    --start.target->pending_starts;
    WakeParentIfEmpty(*start.target);
  }

  void SayStarted(Start& start) {
    if (std::exchange(start.started, true)) return;
    Nursery& from = *start.first_life;
    if (start.over || from.children.empty() || IsCancelled(from.scope)) return;
    Task& child = *start.child;
    Nursery& to = *start.target;
    std::erase(from.children, &child);
    to.children.push_back(&child);
    child.home = &to;
    Scope* outermost = nullptr;
    for (Scope* s = child.scope; s != &from.scope; s = s->parent) outermost = s;
    if (outermost == nullptr) {
      child.scope = &to.scope;
      if (IsCancelled(to.scope)) Abort(child);
    } else {
      std::erase(from.scope.inside, outermost);
      to.scope.inside.push_back(outermost);
      outermost->parent = &to.scope;
      Deliver(*outermost);
    }
    WakeParentIfEmpty(from);
  }

  // Everyone in the nursery has ended.
  void LeaveNursery(Task& task) {
    Nursery& nursery = *task.nursery;
    const Step& step = *task.nursery_step;
    const bool goes_on_outwards = nursery.anyone_unwound &&
                                  !Catches(nursery.scope) &&
                                  nursery.errors.empty();
    Exit(task, nursery.scope);
    if (step.op == Op::kNursery) nurseries_[step.id] = nullptr;
    Errors errors = nursery.errors;
    if (step.op == Op::kStart) {
      if (!goes_on_outwards && errors.empty() && !starts_[step.id]->started) {
        errors = {"ended without Started"};
      }
      EndStart(step);
    }
    if (goes_on_outwards) return Unwind(task);
    RecordResult(step, errors);
    if (!errors.empty() && !step.swallow) Complete(task, errors);
  }

  // ---- Tasks.

  void RunStep(Task& task) {
    const bool stops =
        task.stop || (task.check_cancel && IsCancelled(*task.scope));
    task.stop = task.check_cancel = false;
    const Wait waited = std::exchange(task.wait, Wait::kNone);
    task.state = State::kRunning;
    if (stops) {
      Unwind(task);
    } else if (waited == Wait::kNursery) {
      LeaveNursery(task);
    }
    while (task.state == State::kRunning) {
      Frame& frame = task.frames.back();
      if (frame.next == frame.block->steps.size()) {
        Complete(task, {});
      } else {
        Execute(task, frame.block->steps[frame.next++]);
      }
    }
  }

  void RecordResult(const Step& step, const Errors& errors) {
    std::string all;
    for (const std::string& error : errors) all += " " + error;
    Record("result of " + std::to_string(step.id) + ":" + all);
  }
  void RecordExit(const Step& step, bool completed, const Scope& scope) {
    std::string what = "exit of " + std::to_string(step.id);
    what += completed ? " completed" : " cancelled";
    if (step.op == Op::kScope) what += ", " + Describe(scope);
    Record(what);
  }
  static std::string Describe(const Scope& scope) {
    return std::string(scope.cancel_called ? "called" : "") +
           (scope.caught ? " caught" : "") + " (" + scope.reason + ")";
  }

  Frame PopFrame(Task& task) {
    const Frame frame = task.frames.back();
    task.frames.pop_back();
    Record("end of block " + std::to_string(frame.block->id));
    return frame;
  }

  // The innermost block of the task ends, with errors or without.
  void Complete(Task& task, const Errors& errors) {
    const Frame frame = PopFrame(task);
    if (frame.made_by == nullptr) return EndMain(task, "main ended");
    const Step& step = *frame.made_by;
    if (frame.nursery != nullptr) {
      if (!errors.empty()) Fail(*frame.nursery, errors, "body");
      return BodyEnded(task, *frame.nursery, step);
    }
    if (step.op == Op::kSpawn || step.op == Op::kStart) {
      if (!errors.empty()) Fail(*task.home, errors, "child");
      return ChildEnded(task);
    }
    if (step.op == Op::kCleanup && !frame.is_cleanup) {
      return BeginCleanup(task, step, false, errors);
    }
    if (frame.scope != nullptr) Exit(task, *frame.scope);
    if (step.op == Op::kCleanup) return EndCleanup(task, frame, errors);
    if (step.op == Op::kFailAfter) {
      // Exceptions pass it.
      RecordResult(step, errors);
      if (step.swallow) return;
    } else if (frame.scope != nullptr) {
      RecordExit(step, true, *frame.scope);
    }
    if (!errors.empty()) Complete(task, errors);
  }

  // The task is cancelled: its blocks end, innermost first, up to the scope
  // that catches.
  void Unwind(Task& task) {
    for (;;) {
      const Frame frame = PopFrame(task);
      if (frame.made_by == nullptr) return EndMain(task, "main cancelled");
      const Step& step = *frame.made_by;
      if (frame.nursery != nullptr) {
        SomeoneUnwound(*frame.nursery);
        return BodyEnded(task, *frame.nursery, step);
      }
      if (step.op == Op::kSpawn || step.op == Op::kStart) {
        SomeoneUnwound(*task.home);
        return ChildEnded(task);
      }
      if (step.op == Op::kCleanup && !frame.is_cleanup) {
        return BeginCleanup(task, step, true, {});
      }
      if (frame.scope == nullptr) continue;
      frame.scope->caught = Catches(*frame.scope);
      Exit(task, *frame.scope);
      if (!frame.scope->caught) continue;
      if (step.op == Op::kCleanup) return EndCleanup(task, frame, {});
      if (step.op == Op::kFailAfter) {
        RecordResult(step, {"timeout"});
        if (!step.swallow) Complete(task, {"timeout"});
      } else {
        RecordExit(step, false, *frame.scope);
      }
      return;
    }
  }

  void BeginCleanup(Task& task, const Step& step, bool body_unwound,
                    const Errors& body_errors) {
    Scope* scope = NewScope(step.amount, true);
    Enter(task, *scope);
    Frame& frame = task.frames.emplace_back(Frame{&step.cleanup, &step, scope});
    frame.is_cleanup = true;
    frame.body_unwound = body_unwound;
    frame.body_errors = body_errors;
  }

  // A cancellation goes on, unless there is an error instead.
  void EndCleanup(Task& task, const Frame& frame, const Errors& errors) {
    if (frame.body_unwound && errors.empty()) return Unwind(task);
    Errors all = frame.body_errors;
    all.insert(all.end(), errors.begin(), errors.end());
    RecordResult(*frame.made_by, all);
    if (!all.empty() && !frame.made_by->swallow) Complete(task, all);
  }

  void EndMain(Task& task, const char* how) {
    Record(how);
    task.state = State::kEnded;
    main_ended_ = true;
  }

  // ---- Steps.

  void RunBody(Task& task, const Step& step, Scope* scope) {
    if (scope != nullptr) Enter(task, *scope);
    task.frames.push_back(Frame{&step.body, &step, scope});
  }

  Scope* NewScope(int timeout, bool shield) {
    Scope& scope = own_.emplace_back(std::make_unique<Nursery>())->scope;
    scope.timeout = timeout;
    scope.shield = shield;
    return &scope;
  }

  // A scope that other steps refer to, unless it is not there.
  Scope* Referred(const Step& step) {
    if (scopes_[step.target] != nullptr) return scopes_[step.target].get();
    Nursery* nursery = nurseries_[step.target];
    return nursery == nullptr ? nullptr : &nursery->scope;
  }

  void Execute(Task& task, const Step& step);
  void ExecuteOnScope(Task& task, const Step& step, Scope& scope);

  const Script& script_;
  Trace trace_;
  int now_ = 0;
  int clock_ticks_ = 0;
  bool main_ended_ = false;
  bool done_ = false;
  Scope root_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<std::unique_ptr<Nursery>> own_;
  std::vector<std::unique_ptr<Scope>> scopes_;  // By id, as are these.
  std::vector<Nursery*> nurseries_;
  std::vector<std::unique_ptr<Start>> starts_;
  std::deque<Task*> runnable_;
  std::deque<Task*> lots_[kLots];
  std::vector<Task*> slow_;
};

void Reference::Execute(Task& task, const Step& step) {
  if (step.op != Op::kJanitor) {
    Record("t" + std::to_string(task.id) + " at " + std::to_string(step.id));
  }
  const Errors error = {"e" + std::to_string(step.id)};
  switch (step.op) {
    case Op::kCheckpoint:
      return Yield(task, true);
    case Op::kShieldedCheckpoint:
      return Yield(task, false);
    case Op::kCheckpointIfCancelled:
      if (IsCancelled(*task.scope)) Stop(task);
      return;
    case Op::kSleep:
      return Sleep(task, step.amount);
    case Op::kFail:
    case Op::kTryFail:
    case Op::kThrow:
      return Complete(task, error);
    case Op::kCall:
    case Op::kTryCall:
    case Op::kCleanup:
      return RunBody(task, step, nullptr);
    case Op::kScope:
      return RunBody(task, step, scopes_[step.id].get());
    case Op::kMoveOn:
    case Op::kFailAfter:
      return RunBody(task, step, NewScope(step.amount, false));
    case Op::kShield:
      return RunBody(task, step, NewScope(kNever, true));
    case Op::kNursery: {
      Nursery& nursery = *own_.emplace_back(std::make_unique<Nursery>());
      OpenNursery(task, nursery);
      nurseries_[step.id] = &nursery;
      task.frames.push_back(Frame{&step.body, &step, nullptr, &nursery});
      return;
    }
    case Op::kSpawn:
      Spawn(*nurseries_[step.target], step);
      return;
    case Op::kStart:
      return BeginStart(task, step);
    case Op::kStarted:
      return SayStarted(*starts_[step.target]);
    case Op::kCancel:
    case Op::kSetDeadline:
    case Op::kSetShield:
    case Op::kQuery:
      if (Scope* scope = Referred(step)) ExecuteOnScope(task, step, *scope);
      return;
    case Op::kAdvance:
      now_ += step.amount;
      return;
    case Op::kPark:
      task.lot = step.target;
      if (BeginWait(task, Wait::kPark)) lots_[step.target].push_back(&task);
      return;
    case Op::kUnpark:
      return Unpark(step.target, step.amount);
    case Op::kSlow:
      task.slow_step = &step;
      if (BeginWait(task, Wait::kSlow)) slow_.push_back(&task);
      return;
    case Op::kFinishSlow:
      return FinishSlow();
    case Op::kJanitor:
      for (int lot = 0; lot < kLots; ++lot) Unpark(lot, kNever);
      FinishSlow();
      if (done_) return;
      --task.frames.back().next;
      return Sleep(task, 25);
    case Op::kDone:
      done_ = true;
      return;
  }
}

void Reference::ExecuteOnScope(Task& task, const Step& step, Scope& scope) {
  if (step.op == Op::kCancel) {
    Cancel(scope, "c" + std::to_string(step.id));
  } else if (step.op == Op::kSetDeadline) {
    scope.deadline = step.amount;
    scope.timeout = kNever;
    scope.armed = ++clock_ticks_;
  } else if (step.op == Op::kSetShield) {
    scope.shield = step.flag;
    if (scope.entered && !scope.exited) Deliver(scope);
  } else {
    CancelCalled(scope);
    Record("scope " + std::to_string(step.target) + ": " + Describe(scope) +
           (IsCancelled(*task.scope) ? ", cancelled" : "") + ", until " +
           std::to_string(EffectiveDeadline(*task.scope)));
  }
}

}  // namespace

Trace RunReference(const Script& script) { return Reference(script).Run(); }

}  // namespace creche::model
