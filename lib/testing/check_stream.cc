// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/check_stream.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "creche/core/task.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"
#include "lib/testing/stream_checks.h"

namespace creche::internal {
namespace {

// How many random scripts there are for each direction.
constexpr std::uint32_t kScripts = 16;

// Runs check(a, b) with two ends of their own; what they receive they receive
// by ReceiveExactly() if `receives_exactly`.
template <typename Check>
void RunOne(const std::string& name, StreamMaker& maker, bool is_flipped,
            Check check, bool receives_exactly = false) {
  ::testing::ScopedTrace trace(
      __FILE__, __LINE__,
      absl::StrCat("check of the stream: ", name,
                   is_flipped ? " (from the second end to the first)" : ""));
  auto run = [&]() -> Task<> {
    auto making = receives_exactly ? maker.MakeExact() : maker.Make();
    StreamPair ends = co_await std::move(making);
    if (is_flipped) std::swap(ends.first, ends.second);
    co_await check(ends.first, ends.second);
  };
  RunTestBody(__FILE__, __LINE__, run);
}

void RunAll(const std::vector<StreamCheck>& checks, StreamMaker& maker,
            bool is_flipped = false) {
  for (const StreamCheck& check : checks) {
    RunOne(check.name, maker, is_flipped, check.run);
  }
}

void RunScripts(StreamMaker& maker, bool can_send_eof,
                const StreamTraits& traits, bool is_flipped) {
  for (std::uint32_t seed = 1; seed <= kScripts; ++seed) {
    auto script = [&](AnyStream& a, AnyStream& b) -> Task<> {
      co_await KeepsTheLedger(a, b, can_send_eof, traits.ends_need_notice(),
                              seed);
    };
    RunOne(absl::StrCat("KeepsTheLedger, script ", seed), maker, is_flipped,
           script);
    if (!maker.receives_exactly()) continue;
    RunOne(absl::StrCat("KeepsTheLedger by ReceiveExactly, script ", seed),
           maker, is_flipped, script, /*receives_exactly=*/true);
  }
}

}  // namespace

void CheckStream(StreamKind kind, StreamMaker& maker, StreamMaker* clogged,
                 const StreamTraits& traits) {
  for (const bool is_flipped : {false, true}) {
    if (is_flipped && kind == StreamKind::kOneWay) break;
    RunAll(OneWayChecks(), maker, is_flipped);
    RunAll(ClosingChecks(), maker, is_flipped);
    RunAll(CancellationChecks(), maker, is_flipped);
    RunScripts(maker, kind == StreamKind::kHalfCloseable, traits, is_flipped);
    if (kind == StreamKind::kHalfCloseable) {
      RunAll(HalfCloseChecks(), maker, is_flipped);
    }
  }
  if (kind != StreamKind::kOneWay) RunAll(TwoWayChecks(), maker);
  if (clogged == nullptr) return;
  RunAll(CloggedChecks(), *clogged);
  RunAll(CutChecks(traits.ends_need_notice()), *clogged);
}

}  // namespace creche::internal
