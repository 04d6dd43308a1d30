// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/check_stream.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "creche/core/task.h"
#include "creche/testing/creche_test.h"
#include "gtest/gtest.h"
#include "lib/testing/stream_checks.h"

namespace creche::internal {
namespace {

void RunAll(const std::vector<StreamCheck>& checks, StreamMaker& maker,
            bool is_flipped = false) {
  for (const StreamCheck& check : checks) {
    ::testing::ScopedTrace trace(
        __FILE__, __LINE__,
        absl::StrCat("check of the stream: ", check.name,
                     is_flipped ? " (from the second end to the first)" : ""));
    auto run = [&]() -> Task<> {
      StreamPair ends = co_await maker.Make();
      if (is_flipped) std::swap(ends.first, ends.second);
      co_await check.run(ends.first, ends.second);
    };
    RunTestBody(__FILE__, __LINE__, run);
  }
}

}  // namespace

void CheckStream(StreamKind kind, StreamMaker& maker, StreamMaker* clogged) {
  for (const bool is_flipped : {false, true}) {
    if (is_flipped && kind == StreamKind::kOneWay) break;
    RunAll(OneWayChecks(), maker, is_flipped);
    RunAll(ClosingChecks(), maker, is_flipped);
    RunAll(CancellationChecks(), maker, is_flipped);
    if (kind == StreamKind::kHalfCloseable) {
      RunAll(HalfCloseChecks(), maker, is_flipped);
    }
  }
  if (kind != StreamKind::kOneWay) RunAll(TwoWayChecks(), maker);
  if (clogged != nullptr) RunAll(CloggedChecks(), *clogged);
}

}  // namespace creche::internal
