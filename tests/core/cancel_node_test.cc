// SPDX-License-Identifier: Apache-2.0
//
// The tree of scopes by itself: tasks that only wait, and no run, but where
// there are deadlines.

#include "creche/core/internal/cancel_node.h"

#include <cstddef>
#include <memory>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/deadline.h"
#include "creche/core/internal/intrusive_list.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/task.h"
#include "gtest/gtest.h"
#include "lib/core/scheduler.h"
#include "tests/support/mocked_run.h"

namespace creche::internal {
namespace {

// A task that waits for ever, and counts the requests to abort that.
class Waiter : public TaskRecord {
 public:
  explicit Waiter(CancelNode& scope) : TaskRecord(nullptr, &scope) {
    Wait(Frame(), *this);
  }
  ~Waiter() override { Unlink(); }
  Frame Begin() override { return Frame(); }
  const char* wait_name() const { return "a test"; }
  Abort OnCancel() {
    ++aborts_;
    return Abort::kPending;
  }
  int aborts() const { return aborts_; }

 private:
  int aborts_ = 0;
};

// A root, with tasks in it.
class CancelNodeTest : public ::testing::Test {
 protected:
  CancelNodeTest() { root_.EnterAsRoot(tasks_); }
  ~CancelNodeTest() override { root_.ExitAsRoot(); }

  std::unique_ptr<Waiter> StartTask() {
    auto task = std::make_unique<Waiter>(root_);
    tasks_.PushBack(task.get());
    return task;
  }

  IntrusiveList<TaskRecord, NurseryTasks> tasks_;
  CancelNode root_;
};

TEST_F(CancelNodeTest, EntersUnderTheScopeOfItsTaskAndLeavesThatBehind) {
  auto task = StartTask();
  CancelNode outer, inner;
  outer.Enter(*task);
  inner.Enter(*task);
  EXPECT_EQ(task->scope(), &inner);
  EXPECT_EQ(inner.parent(), &outer);
  EXPECT_EQ(outer.parent(), &root_);
  EXPECT_EQ(inner.owner(), task.get());
  inner.Exit();
  EXPECT_EQ(task->scope(), &outer);
  EXPECT_EQ(inner.stage(), CancelNode::Stage::kExited);
  EXPECT_EQ(outer.children().front(), nullptr);
  outer.Exit();
  EXPECT_EQ(task->scope(), &root_);
}

TEST_F(CancelNodeTest, CancellationReachesTheInnermostScopesOfTasksThatWait) {
  auto inside = StartTask();
  auto beside = StartTask();
  CancelNode outer, inner;
  outer.Enter(*inside);
  inner.Enter(*inside);
  outer.Cancel("why");
  EXPECT_TRUE(inner.is_cancelled());
  EXPECT_FALSE(inner.cancel_called());
  EXPECT_EQ(inner.reason(), "");
  EXPECT_EQ(inside->aborts(), 1);
  EXPECT_FALSE(root_.is_cancelled());
  EXPECT_EQ(beside->aborts(), 0);
  inner.Exit();
  outer.Exit();
}

TEST_F(CancelNodeTest, CancelledTwiceAbortsOnceAndKeepsTheFirstReason) {
  auto task = StartTask();
  CancelNode outer, inner;
  outer.Enter(*task);
  inner.Enter(*task);
  inner.Cancel("first");
  inner.Cancel("second");
  outer.Cancel("third");
  EXPECT_EQ(task->aborts(), 1);
  EXPECT_EQ(inner.reason(), "first");
  EXPECT_EQ(outer.reason(), "third");
  inner.Exit();
  outer.Exit();
}

TEST_F(CancelNodeTest, ShieldHidesUntilItIsLifted) {
  auto task = StartTask();
  CancelNode outer, shield, inner;
  shield.set_shield(true);
  outer.Enter(*task);
  shield.Enter(*task);
  inner.Enter(*task);
  outer.Cancel("outside");
  EXPECT_FALSE(inner.is_cancelled());
  EXPECT_EQ(task->aborts(), 0);
  shield.set_shield(false);
  EXPECT_TRUE(inner.is_cancelled());
  EXPECT_EQ(task->aborts(), 1);
  // The task has been told; what it sees from now on changes all the same.
  shield.set_shield(true);
  EXPECT_FALSE(inner.is_cancelled());
  inner.Exit();
  shield.Exit();
  outer.Exit();
}

TEST_F(CancelNodeTest, ShieldDoesNotHideItsOwnCancellation) {
  auto task = StartTask();
  CancelNode shield;
  shield.set_shield(true);
  shield.Enter(*task);
  shield.Cancel("own");
  EXPECT_TRUE(shield.is_cancelled());
  EXPECT_EQ(task->aborts(), 1);
  shield.Exit();
}

// Of scopes that are cancelled, one inside the other, the outermost that is
// visible catches.
TEST_F(CancelNodeTest, OutermostVisibleCatches) {
  auto task = StartTask();
  CancelNode outer, middle, inner;
  outer.Enter(*task);
  middle.Enter(*task);
  inner.Enter(*task);
  middle.Cancel("");
  EXPECT_FALSE(inner.Catches());
  EXPECT_TRUE(middle.Catches());
  outer.Cancel("");
  EXPECT_FALSE(middle.Catches());
  EXPECT_TRUE(outer.Catches());
  middle.set_shield(true);
  EXPECT_TRUE(middle.Catches());
  EXPECT_FALSE(inner.ExitUnwinding());
  EXPECT_TRUE(middle.ExitUnwinding());
  EXPECT_TRUE(middle.caught());
  EXPECT_FALSE(inner.caught());
  outer.Exit();
}

TEST_F(CancelNodeTest, CancelBeforeEntryCountsAndAfterTheEndIsNoted) {
  auto task = StartTask();
  CancelNode before, after;
  before.Cancel("early");
  before.Enter(*task);
  EXPECT_TRUE(before.is_cancelled());
  before.Exit();
  after.Enter(*task);
  after.Exit();
  after.Cancel("late");
  EXPECT_TRUE(after.cancel_called());
  EXPECT_EQ(after.reason(), "late");
  EXPECT_EQ(task->aborts(), 0);
}

TEST_F(CancelNodeTest, ReparentedSubtreeSeesItsNewSurroundings) {
  auto host = StartTask();
  CancelNode cancelled, free;
  cancelled.Cancel("there");
  cancelled.Enter(*host);
  auto guest = StartTask();
  CancelNode moved, inside;
  moved.Enter(*guest);
  inside.Enter(*guest);
  moved.Reparent(cancelled);
  EXPECT_TRUE(inside.is_cancelled());
  EXPECT_EQ(guest->aborts(), 1);
  moved.Reparent(root_);
  EXPECT_FALSE(inside.is_cancelled());
  inside.Exit();
  moved.Exit();
  cancelled.Exit();
}

TEST_F(CancelNodeTest, NoDepthIsTooMuch) {
  constexpr size_t kDepth = 100'000;
  auto task = StartTask();
  std::vector<CancelNode> nodes(kDepth);
  for (CancelNode& node : nodes) node.Enter(*task);
  root_.Cancel("all");
  EXPECT_TRUE(nodes.back().is_cancelled());
  EXPECT_EQ(task->aborts(), 1);
  for (size_t i = kDepth; i-- > 0;) nodes[i].Exit();
}

TEST_F(CancelNodeTest, TakesTheReasonOfTheOutsideForItsOwn) {
  auto task = StartTask();
  CancelNode outer, middle, inner, late;
  outer.Enter(*task);
  middle.Enter(*task);
  inner.Enter(*task);
  outer.Cancel("why");
  late.Enter(*task);
  middle.Cancel("later");
  for (CancelNode* node : {&late, &inner, &middle}) node->CancelAsOutside();
  EXPECT_EQ(late.reason(), "why");
  EXPECT_EQ(inner.reason(), "why");
  EXPECT_EQ(middle.reason(), "later");
  for (CancelNode* node : {&late, &inner, &middle, &outer}) node->Exit();
}

TEST_F(CancelNodeTest, ForgetsTheReasonOfAnOutsideThatAShieldHides) {
  auto task = StartTask();
  CancelNode outer, inner;
  outer.Enter(*task);
  inner.Enter(*task);
  outer.Cancel("why");
  inner.set_shield(true);
  inner.CancelAsOutside();
  EXPECT_EQ(inner.reason(), "");
  inner.Exit();
  outer.Exit();
}

// A task and the scopes that it stands in, outermost first.
struct Chain {
  std::unique_ptr<Waiter> task;
  std::vector<std::unique_ptr<CancelNode>> nodes;
  bool was_cancelled = false;

  void Enter(bool shield) {
    nodes.push_back(std::make_unique<CancelNode>());
    nodes.back()->set_shield(shield);
    nodes.back()->Enter(*task);
    WaitAgain();
  }
  void Exit() {
    nodes.back()->Exit();
    nodes.pop_back();
    WaitAgain();
  }
  // No task waits without having looked whether it is cancelled.
  void WaitAgain() {
    if (task->is_cancelled()) task->RequestAbort();
  }
};

// Invariants 1 and 2 of cancel_node.h, by their definition.
void CheckInvariants(Chain& chain) {
  for (const auto& node : chain.nodes) {
    ASSERT_EQ(node->is_cancelled(),
              node->cancel_called() ||
                  (!node->shield() && node->parent()->is_cancelled()));
  }
  // Told once; that the scope may be hidden again later changes nothing.
  chain.was_cancelled |= chain.task->is_cancelled();
  ASSERT_EQ(chain.task->aborts(), chain.was_cancelled ? 1 : 0);
}

TEST_F(CancelNodeTest, InvariantsHoldAfterEachOfManyRandomSteps) {
  std::mt19937 random(20220814);
  const auto one_of = [&](size_t n) { return random() % n; };
  for (int round = 0; round < 500; ++round) {
    // The scopes of the first task are where those of the others move.
    std::vector<Chain> chains(4);
    for (Chain& chain : chains) {
      chain.task = StartTask();
      chain.Enter(/*shield=*/one_of(4) == 0);
    }
    for (int step = 0; step < 60; ++step) {
      const size_t chosen = one_of(chains.size());
      Chain& chain = chains[chosen];
      CancelNode& node = *chain.nodes[one_of(chain.nodes.size())];
      switch (one_of(6)) {
        case 0:
        case 1:
          chain.Enter(/*shield=*/one_of(4) == 0);
          break;
        case 2:
          if (chosen > 0 && chain.nodes.size() > 1) chain.Exit();
          break;
        case 3:
          node.set_shield(!node.shield());
          break;
        case 4:
          if (one_of(4) == 0) node.Cancel("random");
          break;
        default: {
          const auto& homes = chains[0].nodes;
          if (chosen > 0) {
            chain.nodes[0]->Reparent(*homes[one_of(homes.size())]);
          }
        }
      }
      for (Chain& each : chains) {
        ASSERT_NO_FATAL_FAILURE(CheckInvariants(each));
      }
    }
    for (; !chains.empty(); chains.pop_back()) {
      while (!chains.back().nodes.empty()) chains.back().Exit();
    }
  }
}

// Invariant 3. In the batch of its entry a deadline is only noted.
TEST(CancelNodeDeadlineTest, IsArmedWhileItCanCancel) {
  EXPECT_EQ(RunMocked([]() -> Task<> {
              const auto is_fresh = [](CancelNode& node) {
                return static_cast<ListLink<FreshDeadlines>&>(node).is_linked();
              };
              CancelNode node, late;
              node.set_timeout(Nanoseconds{1'000'000});
              EXPECT_FALSE(is_fresh(node));
              node.Enter(*running.task);
              EXPECT_TRUE(is_fresh(node));
              EXPECT_FALSE(node.is_armed());

              running.scheduler->ArmFreshDeadlines();
              EXPECT_FALSE(is_fresh(node));
              EXPECT_TRUE(node.is_armed());

              node.set_deadline(kNever);
              EXPECT_FALSE(is_fresh(node) || node.is_armed());
              node.set_deadline(node.EffectiveDeadline() - 1);
              EXPECT_TRUE(is_fresh(node));

              node.Cancel("");
              EXPECT_FALSE(is_fresh(node) || node.is_armed());
              EXPECT_EQ(node.EffectiveDeadline(), kLongAgo);

              late.set_deadline(1);  // 1970.
              late.Enter(*running.task);
              EXPECT_TRUE(late.cancel_called());
              EXPECT_EQ(late.reason(), "deadline");
              EXPECT_FALSE(is_fresh(late) || late.is_armed());
              late.Exit();
              node.Exit();
              co_return;
            }),
            absl::OkStatus());
}

TEST(CancelNodeDeadlineTest, EffectiveIsTheEarliestUpToTheNextShield) {
  EXPECT_EQ(RunMocked([]() -> Task<> {
              const Nanoseconds later = Nanoseconds{1} << 62;
              CancelNode far, near, shield;
              near.set_deadline(later);
              far.set_deadline(later + 1);
              near.Enter(*running.task);
              far.Enter(*running.task);
              shield.Enter(*running.task);
              EXPECT_EQ(shield.EffectiveDeadline(), later);
              shield.set_shield(true);
              EXPECT_EQ(shield.EffectiveDeadline(), kNever);
              EXPECT_EQ(far.EffectiveDeadline(), later);
              shield.Exit();
              far.Exit();
              near.Exit();
              co_return;
            }),
            absl::OkStatus());
}

}  // namespace
}  // namespace creche::internal
