// SPDX-License-Identifier: Apache-2.0
//
// SelectOperation: what Select() gives to co_await.

#ifndef CRECHE_SYNC_INTERNAL_SELECT_OPERATION_H_
#define CRECHE_SYNC_INTERNAL_SELECT_OPERATION_H_

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "creche/core/abort.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/contest.h"
#include "creche/core/internal/continuation.h"
#include "creche/core/internal/running.h"
#include "creche/core/internal/task_record.h"
#include "creche/core/sleep.h"
#include "creche/core/wait_context.h"

namespace creche::internal {

template <typename Operation>
concept SelectableOperation =
    requires { typename Operation::CrecheSelectable; };

// What std::variant holds for an operation.
template <typename Operation>
using Selected = std::conditional_t<std::is_void_v<AwaitResult<Operation>>,
                                    std::monostate, AwaitResult<Operation>>;

// `Operations` are the operations themselves, or references to them.
template <typename... Operations>
class [[nodiscard]] SelectOperation final : private Contest {
  static constexpr std::size_t kCount = sizeof...(Operations);
  static constexpr std::size_t kNone = kCount;

 public:
  using CrecheAwaitable = void;
  using CrecheAwaitOnce = void;
  using Result = std::variant<Selected<std::remove_reference_t<Operations>>...>;

  explicit SelectOperation(Operations&&... operations)
      : operations_(std::forward<Operations>(operations)...) {}
  SelectOperation(SelectOperation&& other) noexcept
      : operations_(std::move(other.operations_)) {}
  ~SelectOperation() = default;

  bool await_ready() { return SpendOperation() && TryComplete(); }

  bool SuspendIn(Frame leaf) {
    running.task->WaitUnlessReady(leaf, *this);
    return true;
  }

  Result await_resume() { return TakeResult<0>(); }

  // Starts anywhere, so that no operation is preferred. But what is ready goes
  // before a deadline that has passed.
  bool TryComplete() {
    const std::size_t start =
        kCount > 1 ? NextChoice(static_cast<std::uint32_t>(kCount)) : 0;
    return TryFrom<false>(start) || TryFrom<true>(start);
  }
  void Enter(const WaitContext& context) {
    const WaitContext entrants = WithThis(context);
    ForEach([&](auto& operation) { operation.Enter(entrants); });
  }
  const char* wait_name() const { return "Select"; }
  Abort OnCancel() {
    ForEach([](auto& operation) { operation.Leave(); });
    return Abort::kDone;
  }

 private:
  template <typename Action>
  void ForEach(Action action) {
    std::apply([&](auto&... operation) { (action(operation), ...); },
               operations_);
  }

  template <bool kDeadlines>
  bool TryFrom(std::size_t start) {
    return [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
      return (TryOne<kIndex, kDeadlines>(kIndex >= start) || ...) ||
             (TryOne<kIndex, kDeadlines>(kIndex < start) || ...);
    }(std::index_sequence_for<Operations...>());
  }

  template <std::size_t kIndex, bool kDeadlines>
  bool TryOne(bool is_its_turn) {
    auto& operation = std::get<kIndex>(operations_);
    using Operation = std::remove_reference_t<decltype(operation)>;
    if constexpr (std::is_same_v<Operation, SleepAwaiter> != kDeadlines) {
      return false;
    } else {
      if (!is_its_turn || !operation.TryComplete()) return false;
      winner_ = kIndex;
      return true;
    }
  }

  void Win(const Entrant& winner) override {
    std::size_t index = 0;
    ForEach([&](auto& operation) {
      if (&static_cast<const Entrant&>(operation) == &winner) {
        winner_ = index;
      } else {
        operation.Leave();
      }
      ++index;
    });
  }

  template <std::size_t kIndex>
  Result TakeResult() {
    if constexpr (kIndex + 1 < kCount) {
      if (winner_ != kIndex) return TakeResult<kIndex + 1>();
    }
    auto& operation = std::get<kIndex>(operations_);
    if constexpr (std::is_void_v<decltype(operation.await_resume())>) {
      operation.await_resume();
      return Result(std::in_place_index<kIndex>);
    } else {
      return Result(std::in_place_index<kIndex>, operation.await_resume());
    }
  }

  std::tuple<Operations...> operations_;
  std::size_t winner_ = kNone;
};

}  // namespace creche::internal

#endif  // CRECHE_SYNC_INTERNAL_SELECT_OPERATION_H_
