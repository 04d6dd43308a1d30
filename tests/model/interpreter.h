// SPDX-License-Identifier: Apache-2.0
//
// Interpreter: the rules of docs/semantics.md, one by one. RunReference() says
// what it is for.

#ifndef CRECHE_TESTS_MODEL_INTERPRETER_H_
#define CRECHE_TESTS_MODEL_INTERPRETER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/model/script.h"

namespace creche::model {

inline constexpr int kNoLocal = -1;

struct Task;
struct Nursery;

// What a block ends with, if not well.
struct Errors {
  std::vector<std::string> names;
  bool thrown = false;  // As an exception, at least one of them.

  bool empty() const { return names.empty(); }
  void Append(const Errors& other) {
    names.insert(names.end(), other.names.begin(), other.names.end());
    thrown |= other.thrown;
  }
};
inline Errors Error(std::string name) { return Errors{{std::move(name)}}; }

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
  // Why it is cancelled from outside, if it is: what came first.
  std::optional<std::string> outside_reason;
};

struct Nursery {
  Scope scope;
  Task* parent = nullptr;
  std::vector<Task*> children;
  int pending_starts = 0;
  bool body_ended = false;
  bool anyone_unwound = false;
  Errors errors;
  std::string race;  // How the bodies of a Race() have completed.
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
  int outer_local = kNoLocal;  // What a kWith hides.
};

enum class State { kNew, kRunnable, kRunning, kWaiting, kAborting, kEnded };
enum class Wait { kNone, kSleep, kPark, kSlow, kNursery, kChannel };

struct ChannelWaiter {
  Task* task;
  int value;  // To be sent.
};

struct Channel {
  std::size_t capacity = 0;
  std::deque<int> values;
  std::deque<ChannelWaiter> senders;
  std::deque<ChannelWaiter> receivers;
  bool is_sender_closed = false;
  bool is_receiver_closed = false;
};

struct Task {
  int id = 0;
  State state = State::kNew;
  Scope* scope = nullptr;  // The innermost.
  Nursery* home = nullptr;
  std::vector<Frame> frames;
  bool stop = false;          // Unwinds when its turn comes.
  bool check_cancel = false;  // Unwinds then if it is cancelled.
  Wait wait = Wait::kNone;
  int wake_time = kNever;  // If it sleeps.
  int armed = 0;
  int lot = 0;
  Nursery* nursery = nullptr;          // Whose end it waits for...
  const Step* nursery_step = nullptr;  // ... and where.
  const Step* slow_step = nullptr;
  int local = kNoLocal;
  std::string outcome;  // Of its wait for a channel.
};

// What the library does with coroutines, frames and queues of the kernel, this
// does with a list of blocks for each task.
class Interpreter {
 public:
  // Of one script, which must outlive it; for one Run().
  explicit Interpreter(const Script& script);
  Trace Run();

 private:
  void Configure(const Block& block);
  void Record(std::string what);

  // Scopes: scopes.cc

  static bool SeesOutside(const Scope& scope);
  static bool IsCancelled(const Scope& scope);
  static bool Catches(const Scope& scope);
  // Of the nearest cancelled scope that is visible.
  static std::string VisibleReason(const Scope& scope);
  static void NoteOutside(Scope& scope);
  void Enter(Task& task, Scope& scope);
  void Exit(Task& task, Scope& scope);
  void Cancel(Scope& scope, const std::string& reason);
  // Tells all who wait in here and are cancelled: those who stand right here
  // first, then those further in.
  void Deliver(Scope& scope);
  // A deadline is noticed when somebody asks.
  bool CancelCalled(Scope& scope);
  int EffectiveDeadline(const Scope& scope) const;

  // Time: scopes.cc

  std::vector<Scope*> ArmedScopes();
  void CollectArmed(Scope& scope, std::vector<Scope*>& armed);
  std::vector<Task*> Sleepers();
  // All scopes that are due, then all sleeps that still are.
  void ExpireDeadlines();
  bool JumpToNextDeadline();

  // Waiting: waits.cc

  void MakeRunnable(Task& task);
  void Yield(Task& task, bool cancellable);
  void Stop(Task& task);
  // Returns false if the task is cancelled and stops instead.
  bool BeginWait(Task& task, Wait wait);
  void Abort(Task& task);
  void Sleep(Task& task, int amount);
  void Unpark(int lot, int count);
  void FinishSlow();

  // Channels: channels.cc

  // Each gives what becomes of it, or nothing if that would have to wait.
  std::optional<std::string> TrySend(Channel& channel, int value);
  std::optional<std::string> TryReceive(Channel& channel);
  // What the task waits for has happened: it takes part in nothing else.
  void CompleteWait(Task& task, std::string outcome);
  void LeaveChannels(Task& task);
  void Send(Task& task, const Step& step);
  void Receive(Task& task, const Step& step);
  void Select(Task& task, const Step& step);
  bool SelectAtOnce(const Step& step);
  void CloseSender(Channel& channel);
  void CloseReceiver(Channel& channel);
  void EndWaits(const std::deque<ChannelWaiter>& waiters,
                const std::string& outcome);
  void ServeChannels();

  // Nurseries: nurseries.cc

  void OpenNursery(Task& task, Nursery& nursery);
  // A task that runs `block`, a body of `step`; `by` has started it.
  Task& Spawn(Nursery& nursery, const Step& step, const Block& block,
              const Task& by);
  // The bodies of a WhenAll() or Race(), as children of a nursery.
  void RunBeside(Task& task, const Step& step);
  void CompleteRacer(Task& task, const Frame& frame, const Errors& errors);
  void Fail(Nursery& nursery, const Errors& errors, const char* whose);
  void SomeoneUnwound(Nursery& nursery);
  void WakeParentIfEmpty(Nursery& nursery);
  void BodyEnded(Task& task, Nursery& nursery, const Step& step);
  void ChildEnded(Task& task);
  void BeginStart(Task& task, const Step& step);
  void EndStart(const Step& step);
  void SayStarted(Start& start);
  // Everyone in the nursery has ended.
  void LeaveNursery(Task& task);

  // Tasks: tasks.cc

  void RunStep(Task& task);
  void RecordResult(const Step& step, const Errors& errors);
  void RecordExit(const Step& step, bool completed, const Scope& scope);
  static std::string Describe(const Scope& scope);
  Frame PopFrame(Task& task);
  // The innermost block of the task ends, with errors or without.
  void Complete(Task& task, const Errors& errors);
  // The task is cancelled: its blocks end, innermost first, up to the scope
  // that catches.
  void Unwind(Task& task);
  void BeginCleanup(Task& task, const Step& step, bool body_unwound,
                    const Errors& body_errors);
  // A cancellation goes on, unless there is an error instead.
  void EndCleanup(Task& task, const Frame& frame, const Errors& errors);
  void EndMain(Task& task, const char* how);

  // Steps: steps.cc

  void RunBody(Task& task, const Step& step, Scope* scope);
  Scope* NewScope(int timeout, bool shield);
  // A scope that other steps refer to, unless it is not there.
  Scope* Referred(const Step& step);
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
  Channel channels_[kChannels];
  std::uint32_t choices_ = 1;  // The state of what NextChoice() does.
};

}  // namespace creche::model

#endif  // CRECHE_TESTS_MODEL_INTERPRETER_H_
