// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/promise.h"

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "creche/core/internal/continuation.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

struct alignas(64) CacheLine {
  char bytes[64];
};

template <typename T>
class FrameTest : public testing::Test {};
using Results = testing::Types<void, char, std::unique_ptr<int>,
                               std::max_align_t, CacheLine>;
TYPED_TEST_SUITE(FrameTest, Results);

template <typename T>
Task<T> Make() {
  if constexpr (std::is_void_v<T>) {
    co_return;
  } else {
    co_return T();
  }
}

// What the compilers do with a promise is not told by the standard.
TYPED_TEST(FrameTest, FindsThePromise) {
  const auto coroutine = TaskAccess::Release(Make<TypeParam>());
  const Frame frame(coroutine);

  EXPECT_TRUE(frame.is_coroutine());
  EXPECT_EQ(frame.coroutine().address(), coroutine.address());
  EXPECT_EQ(&frame.promise(), &coroutine.promise());
  coroutine.destroy();
}

TYPED_TEST(FrameTest, OfAnAwaitableHasAPromiseOnly) {
  Promise<TypeParam> promise;
  const Frame frame = Frame::WithoutCoroutine(promise);

  EXPECT_TRUE(frame);
  EXPECT_FALSE(frame.is_coroutine());
  EXPECT_EQ(&frame.promise(), &promise);
}

TEST(EmptyFrameTest, IsNone) { EXPECT_FALSE(Frame()); }

// The hooks travel with the address.
template <Hooks kWhich>
class Hooky final : public Hooked<kWhich> {
  Frame OnCompleted() override { return {}; }
  Frame OnUnwound() override { return {}; }
};

template <Hooks kWhich>
void ExpectHooks(bool completion, bool unwinding) {
  Hooky<kWhich> continuation;
  PlaceholderPromise promise;
  for (const bool is_observed : {false, true}) {
    promise.set_continuation(&continuation);
    if (is_observed) promise.Observe();
    EXPECT_EQ(promise.continuation(), &continuation);
    EXPECT_EQ(promise.HasHook(Hooks::kCompletion), completion);
    EXPECT_EQ(promise.HasHook(Hooks::kUnwinding), unwinding);
    promise.StopObserving();
    EXPECT_EQ(promise.continuation(), &continuation);
  }
}

TEST(PromiseTest, KnowsTheHooksOfItsContinuation) {
  ExpectHooks<Hooks::kNone>(false, false);
  ExpectHooks<Hooks::kCompletion>(true, false);
  ExpectHooks<Hooks::kUnwinding>(false, true);
  ExpectHooks<Hooks::kBoth>(true, true);
}

}  // namespace
}  // namespace creche::internal
