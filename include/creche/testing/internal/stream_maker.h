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

namespace creche {

class StreamTraits;

}  // namespace creche

namespace creche::internal {

using StreamPair = std::pair<AnyStream, AnyStream>;

class StreamMaker {
 public:
  virtual ~StreamMaker() = default;
  virtual Task<StreamPair> Make() = 0;
};

template <typename F>
class StreamMakerOf final : public StreamMaker {
 public:
  explicit StreamMakerOf(F f) : f_(std::move(f)) {}

  Task<StreamPair> Make() override {
    if constexpr (TaskAwaitable<CallResult<F&>>) {
      auto ends = co_await internal::Call(f_);
      co_return StreamPair(AnyStream(std::move(ends.first)),
                           AnyStream(std::move(ends.second)));
    } else {
      auto ends = f_();
      co_return StreamPair(AnyStream(std::move(ends.first)),
                           AnyStream(std::move(ends.second)));
    }
  }

 private:
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
