// SPDX-License-Identifier: Apache-2.0

#include "tests/model/script.h"

#include <algorithm>
#include <ostream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace creche::model {
namespace {

constexpr int kMaxDepth = 6;
constexpr int kMaxSteps = 60;

constexpr const char* kOpNames[] = {
    "Checkpoint",
    "CheckpointIfCancelled",
    "ShieldedCheckpoint",
    "Sleep",
    "Fail",
    "TryFail",
    "Throw",
    "Call",
    "TryCall",
    "Scope",
    "MoveOn",
    "FailAfter",
    "Shield",
    "Nursery",
    "Cleanup",
    "WhenAll",
    "Race",
    "With",
    "Spawn",
    "Start",
    "Started",
    "Cancel",
    "SetDeadline",
    "SetShield",
    "Query",
    "Advance",
    "Park",
    "Unpark",
    "Slow",
    "FinishSlow",
    "Local",
    "Send",
    "Receive",
    "Select",
    "CloseSender",
    "CloseReceiver",
    "Janitor",
    "Done",
};

struct Weight {
  Op op;
  int weight;
};

// What makes scripts interesting comes more often.
constexpr Weight kWeights[] = {
    {Op::kCheckpoint, 6},
    {Op::kCheckpointIfCancelled, 1},
    {Op::kShieldedCheckpoint, 2},
    {Op::kSleep, 10},
    {Op::kFail, 2},
    {Op::kTryFail, 1},
    {Op::kThrow, 1},
    {Op::kCall, 1},
    {Op::kTryCall, 1},
    {Op::kScope, 8},
    {Op::kMoveOn, 3},
    {Op::kFailAfter, 3},
    {Op::kShield, 4},
    {Op::kNursery, 8},
    {Op::kCleanup, 4},
    {Op::kWhenAll, 4},
    {Op::kRace, 5},
    {Op::kWith, 3},
    {Op::kSpawn, 16},
    {Op::kStart, 5},
    {Op::kStarted, 5},
    {Op::kCancel, 9},
    {Op::kSetDeadline, 4},
    {Op::kSetShield, 4},
    {Op::kQuery, 4},
    {Op::kAdvance, 2},
    {Op::kPark, 4},
    {Op::kUnpark, 3},
    {Op::kSlow, 3},
    {Op::kFinishSlow, 2},
    {Op::kLocal, 3},
    {Op::kSend, 6},
    {Op::kReceive, 6},
    {Op::kSelect, 5},
    {Op::kCloseSender, 1},
    {Op::kCloseReceiver, 1},
};

constexpr int kTotalWeight = [] {
  int total = 0;
  for (const Weight& choice : kWeights) total += choice.weight;
  return total;
}();

Op Choose(int number) {
  for (const Weight& choice : kWeights) {
    if (number < choice.weight) return choice.op;
    number -= choice.weight;
  }
  return Op::kCheckpoint;
}

constexpr int kTimeouts[] = {kNever, 0, 1, 2, 3, 5, kNever, 8};

bool HasBody(Op op) { return op >= Op::kCall && op <= Op::kStart; }
bool HasTwoBodies(Op op) { return op >= Op::kCleanup && op <= Op::kRace; }

class Maker {
 public:
  explicit Maker(ByteSource& bytes) : bytes_(bytes) {}

  // The janitor keeps what waits to be woken from waiting forever.
  Script Make() {
    Step janitor = NewStep(Op::kSpawn);
    Step outer = NewStep(Op::kNursery);
    janitor.target = outer.id;
    janitor.body = NewBlock();
    janitor.body.steps.push_back(NewStep(Op::kJanitor));
    Step root = NewStep(Op::kNursery);
    root.swallow = true;
    referable_.push_back(root.id);
    nurseries_.push_back(root.id);
    root.body = MakeBlock(0);
    outer.body = NewBlock();
    outer.body.steps = {janitor, root, NewStep(Op::kDone)};
    Script script;
    script.main = NewBlock();
    script.main.steps.push_back(outer);
    script.ids = next_id_;
    Resolve(script.main);
    return script;
  }

 private:
  Step NewStep(Op op) {
    Step step;
    step.op = op;
    step.id = next_id_++;
    return step;
  }
  Block NewBlock() {
    Block block;
    block.id = next_id_++;
    return block;
  }

  Block MakeBlock(int depth) {
    Block block = NewBlock();
    const int count = (depth == 0 ? 3 : 1) + bytes_.Next(depth == 0 ? 6 : 4);
    for (int i = 0; i < count && !bytes_.at_end(); ++i) {
      if (++steps_ > kMaxSteps) break;
      block.steps.push_back(MakeStep(depth));
    }
    return block;
  }

  Step MakeStep(int depth) {
    Op op = Choose(bytes_.Next(kTotalWeight));
    if (HasBody(op) && depth == kMaxDepth) op = Op::kCheckpoint;
    if (op == Op::kStarted && starts_.empty()) op = Op::kCheckpoint;
    Step step = NewStep(op);
    step.target = bytes_.Next(256);
    const int amount = bytes_.Next(256);
    step.flag = amount % 2 == 1;
    step.swallow = amount % 3 == 0;
    step.shield = amount / 8 % 4 == 0;
    step.amount = kTimeouts[amount % 8];
    switch (op) {
      case Op::kSleep:
        step.amount = amount % 16 == 15 ? 50 : amount % 6;
        break;
      case Op::kAdvance:
      case Op::kUnpark:
        step.amount = amount % 3;
        break;
      case Op::kSend:
      case Op::kReceive:
      case Op::kSelect:
      case Op::kCloseSender:
      case Op::kCloseReceiver:
        step.target %= kChannels;
        [[fallthrough]];
      case Op::kMoveOn:
      case Op::kFailAfter:
        step.amount = amount % 6;
        break;
      case Op::kStarted:
        step.target = starts_[step.target % starts_.size()];
        break;
      case Op::kScope:
        referable_.push_back(step.id);
        break;
      case Op::kPark:
        step.target %= kLots;
        break;
      default:
        break;
    }
    if (op == Op::kUnpark) step.target %= kLots;
    MakeBody(step, depth);
    return step;
  }

  // A task may start others where it lives and further out: those nurseries
  // stay open while it runs.
  void MakeBody(Step& step, int depth) {
    if (!HasBody(step.op)) return;
    const std::vector<int> outside = nurseries_;
    const std::size_t starts = starts_.size();
    if (step.op == Op::kNursery) {
      referable_.push_back(step.id);
      nurseries_.push_back(step.id);
    } else if (step.op == Op::kSpawn || step.op == Op::kStart) {
      // Mostly the innermost one.
      const std::size_t out = step.target % 4 == 3 ? step.target / 4 : 0;
      nurseries_.resize(nurseries_.size() - out % nurseries_.size());
      step.target = nurseries_.back();
      if (step.op == Op::kStart) starts_.push_back(step.id);
    }
    step.body = MakeBlock(depth + 1);
    if (HasTwoBodies(step.op)) step.cleanup = MakeBlock(depth + 1);
    nurseries_ = outside;
    starts_.resize(starts);
  }

  // Which scopes there are is known only in the end.
  void Resolve(Block& block) {
    for (Step& step : block.steps) {
      if (step.op >= Op::kCancel && step.op <= Op::kQuery) {
        step.target = referable_[step.target % referable_.size()];
      }
      Resolve(step.body);
      Resolve(step.cleanup);
    }
  }

  ByteSource& bytes_;
  int next_id_ = 0;
  int steps_ = 0;
  std::vector<int> nurseries_;  // That enclose the place, outermost first.
  std::vector<int> starts_;     // Likewise.
  std::vector<int> referable_;
};

void Print(const Block& block, int depth, std::ostream& out) {
  for (const Step& step : block.steps) {
    out << std::string(depth * 2, ' ') << step.id << ": "
        << kOpNames[static_cast<int>(step.op)] << " target=" << step.target
        << " amount=" << step.amount << " flag=" << step.flag
        << " swallow=" << step.swallow << " shield=" << step.shield;
    if (HasBody(step.op)) out << " block=" << step.body.id;
    out << "\n";
    Print(step.body, depth + 1, out);
    if (HasTwoBodies(step.op)) {
      out << std::string(depth * 2, ' ') << "and block=" << step.cleanup.id
          << "\n";
      Print(step.cleanup, depth + 1, out);
    }
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Script& script) {
  Print(script.main, 0, out);
  return out;
}

ByteSource::ByteSource(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bytes_.resize(60 + random() % 140);
  for (std::uint8_t& byte : bytes_) byte = static_cast<std::uint8_t>(random());
}

Script MakeScript(ByteSource& bytes) { return Maker(bytes).Make(); }

std::string Difference(const Trace& expected, const Trace& actual) {
  std::ostringstream out;
  const auto print = [&](const char* whose, const Event& event) {
    out << whose << event.time << " s: " << event.what << "\n";
  };
  std::size_t i = 0;
  while (i < std::min(expected.size(), actual.size()) &&
         expected[i] == actual[i]) {
    print("  both      ", expected[i++]);
  }
  for (std::size_t j = i; j < std::min(i + 3, expected.size()); ++j) {
    print("  reference ", expected[j]);
  }
  for (std::size_t j = i; j < std::min(i + 3, actual.size()); ++j) {
    print("  library   ", actual[j]);
  }
  return out.str();
}

}  // namespace creche::model
