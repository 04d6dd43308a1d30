// SPDX-License-Identifier: Apache-2.0
//
// Sequencer: makes pieces of several tasks run one after the other.
//
//   creche::Sequencer sequence;
//
//   // In one task:
//   {
//     auto turn = co_await sequence(0);
//     First();
//   }
//   {
//     auto turn = co_await sequence(2);
//     Third();
//   }
//
//   // In another:
//   {
//     auto turn = co_await sequence(1);
//     Second();
//   }

#ifndef CRECHE_TESTING_SEQUENCER_H_
#define CRECHE_TESTING_SEQUENCER_H_

#include <map>
#include <set>
#include <source_location>
#include <utility>

#include "creche/core/parking_lot.h"
#include "creche/core/task.h"

namespace creche {

// Each number, from 0 on, is the turn of one piece. A turn lasts as long as the
// object that stands for it: when it is destroyed, the next turn comes.
//
// A task that is cancelled while it waits for its turn leaves a sequence that
// can never be completed. Then tasks that wait for a turn, or come later, go on
// at once, and each such turn is a failure of the test.
class Sequencer {
 public:
  // Lasts until it is destroyed.
  class Turn {
   public:
    Turn(Turn&& other) noexcept
        : sequencer_(std::exchange(other.sequencer_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class Sequencer;
    explicit Turn(Sequencer* sequencer) : sequencer_(sequencer) {}

    Sequencer* sequencer_;
  };

  Sequencer() = default;
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  // Waits for turn number `position`. Aborts if that was asked for before.
  // Cancellation: breaks the sequence.
  // A failure of the turn is reported where this was called.
  Task<Turn> operator()(int position, std::source_location location =
                                          std::source_location::current());

 private:
  void EndTurn();
  void Break();

  int next_ = 0;
  bool is_broken_ = false;
  std::set<int> asked_for_;
  std::map<int, ParkingLot> waiting_;
};

}  // namespace creche

#endif  // CRECHE_TESTING_SEQUENCER_H_
