// SPDX-License-Identifier: Apache-2.0
//
// StreamMaker: makes the streams that are checked.

#ifndef CRECHE_TESTING_INTERNAL_STREAM_MAKER_H_
#define CRECHE_TESTING_INTERNAL_STREAM_MAKER_H_

#include <memory>
#include <type_traits>
#include <utility>

#include "creche/core/internal/call.h"
#include "creche/core/internal/promise.h"
#include "creche/core/task.h"
#include "creche/io/any_stream.h"
#include "creche/testing/internal/exact_stream.h"

namespace creche {

class StreamTraits;

}  // namespace creche

namespace creche::internal {

using StreamPair = std::pair<AnyStream, AnyStream>;

class StreamMaker {
 public:
  virtual ~StreamMaker() = default;
  virtual Task<StreamPair> Make() = 0;

  // Whether its streams have a ReceiveExactly().
  virtual bool receives_exactly() const = 0;
  // The same, received from in this way. Requires: receives_exactly().
  virtual Task<StreamPair> MakeExact() = 0;
};

// The pair in what a maker returns.
template <typename Result>
struct MadeBy {
  using Ends = Result;
};
template <TaskAwaitable Result>
struct MadeBy<Result> {
  using Ends = AwaitResult<Result>;
};

template <typename F>
class StreamMakerOf final : public StreamMaker {
 public:
  explicit StreamMakerOf(F f) : f_(std::move(f)) {}

  Task<StreamPair> Make() override {
    Ends ends = co_await MakeEnds();
    co_return StreamPair(AnyStream(std::move(ends.first)),
                         AnyStream(std::move(ends.second)));
  }

  bool receives_exactly() const override {
    return HasReceiveExactly<First> && HasReceiveExactly<Second>;
  }
  Task<StreamPair> MakeExact() override {
    Ends ends = co_await MakeEnds();
    if constexpr (HasReceiveExactly<First> && HasReceiveExactly<Second>) {
      co_return StreamPair(
          AnyStream(ExactStream<First>(std::move(ends.first))),
          AnyStream(ExactStream<Second>(std::move(ends.second))));
    } else {
      co_return StreamPair(AnyStream(std::move(ends.first)),
                           AnyStream(std::move(ends.second)));
    }
  }

 private:
  using Ends = typename MadeBy<CallResult<F&>>::Ends;
  using First = typename Ends::first_type;
  using Second = typename Ends::second_type;

  Task<Ends> MakeEnds() {
    if constexpr (TaskAwaitable<CallResult<F&>>) {
      co_return co_await internal::Call(f_);
    } else {
      co_return f_();
    }
  }

  F f_;
};

struct NoClogging {};

template <typename F>
std::unique_ptr<StreamMaker> AsStreamMaker(F f) {
  if constexpr (std::is_same_v<F, NoClogging>) {
    return nullptr;
  } else {
    return std::make_unique<StreamMakerOf<F>>(std::move(f));
  }
}

// What is checked: bytes from the first end to the second; the same in both
// directions, and at once; and what happens after SendEof() as well.
enum class StreamKind { kOneWay, kTwoWay, kHalfCloseable };

void CheckStream(StreamKind kind, StreamMaker& maker, StreamMaker* clogged,
                 const StreamTraits& traits);

}  // namespace creche::internal

#endif  // CRECHE_TESTING_INTERNAL_STREAM_MAKER_H_
