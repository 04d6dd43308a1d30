// SPDX-License-Identifier: Apache-2.0
//
// Script: a small program of tasks, scopes and nurseries, which both the
// library and a reference interpreter can run.
//
//   ByteSource bytes(seed);
//   Script script = MakeScript(bytes);
//   EXPECT_EQ(RunReference(script), RunLibrary(script)) << script;

#ifndef CRECHE_TESTS_MODEL_SCRIPT_H_
#define CRECHE_TESTS_MODEL_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <vector>

namespace creche::model {

// Times are whole seconds since the beginning of the run.
inline constexpr int kNever = std::numeric_limits<int>::max();

// A step that has a body runs it to its end before it goes on, but for kSpawn
// and kStart, whose bodies are other tasks. An error that comes out of a body
// ends the enclosing block, unless the step swallows it.
enum class Op : std::uint8_t {
  kCheckpoint,
  kCheckpointIfCancelled,
  kShieldedCheckpoint,
  kSleep,        // for `amount`
  kFail,         // ends the block with an error named after the step
  kTryFail,      // the same, through Try()
  kThrow,        // the same, with an exception
  kCall,         // runs the body, as a plain call
  kTryCall,      // the same, through Try()
  kScope,        // in a scope that others can refer to; `amount`: timeout
  kMoveOn,       // in a MoveOnAfter(`amount`)
  kFailAfter,    // in a FailAfter(`amount`)
  kShield,       // in a Shield()
  kNursery,      // as the body of a nursery
  kCleanup,      // under WithCleanup(), with `amount` of grace
  kWhenAll,      // under WhenAll(), beside the cleanup
  kRace,         // the same, under Race()
  kWith,         // with the task-local set to the step's number
  kSpawn,        // starts a task in nursery `target`
  kStart,        // the same, with Start()
  kStarted,      // calls Started() for Start() `target`, unless that was done
  kCancel,       // cancels scope `target`, if that can be reached
  kSetDeadline,  // sets its deadline to `amount`
  kSetShield,    // sets (`flag`) or lifts its shield
  kQuery,        // records what it says of itself
  kAdvance,      // moves the clock by `amount`
  kPark,         // waits in parking lot `target`
  kUnpark,       // wakes `amount` of those who wait there
  kSlow,         // waits for what cannot be aborted at once; when it ends after
                 // that, it has completed after all (`flag`) or not
  kFinishSlow,   // ends all such waits
  kLocal,        // records the task-local
  kSend,         // sends the step's number into channel `target`
  kReceive,      // receives from it
  kSelect,       // receives from it, sends into the next, or sleeps `amount`:
                 // whatever comes first
  kCloseSender,  // closes the end of channel `target` that sends
  kCloseReceiver,  // the one that receives
  kJanitor,  // every 25 seconds wakes all who wait for someone to wake them,
             // until kDone
  kDone,
};

struct Step;

struct Block {
  int id = 0;
  std::vector<Step> steps;
};

struct Step {
  Op op;
  int id = 0;  // Of the step; of what it makes: a scope, a nursery, a task.
  int target = 0;
  int amount = 0;
  bool flag = false;
  bool swallow = false;
  bool shield = false;
  Block body;
  Block cleanup;
};

inline constexpr int kLots = 2;
inline constexpr int kChannels = 3;  // With room for 0, 1 and 2 values.

struct Script {
  Block main;
  int ids = 0;  // All ids are below this.
};

std::ostream& operator<<(std::ostream& out, const Script& script);

// Where a script's decisions come from.
class ByteSource {
 public:
  ByteSource(const std::uint8_t* data, std::size_t size)
      : bytes_(data, data + size) {}
  explicit ByteSource(std::uint64_t seed);

  bool at_end() const { return next_ >= bytes_.size(); }
  // Zero after the end.
  int Next(int bound) { return at_end() ? 0 : bytes_[next_++] % bound; }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t next_ = 0;
};

Script MakeScript(ByteSource& bytes);

// What is compared: everything that a program can notice, in order.
struct Event {
  int time;
  std::string what;

  bool operator==(const Event&) const = default;
};
using Trace = std::vector<Event>;

// The first difference and what came before it.
std::string Difference(const Trace& expected, const Trace& actual);

}  // namespace creche::model

#endif  // CRECHE_TESTS_MODEL_SCRIPT_H_
