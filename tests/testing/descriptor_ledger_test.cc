// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/descriptor_ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "creche/core/checkpoint.h"
#include "creche/core/task.h"
#include "creche/testing/cancel_everywhere.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"

namespace creche::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

int OpenOne() { return open("/dev/zero", O_RDONLY | O_CLOEXEC); }

TEST(DescriptorLedgerTest, FindsWhatIsLeftOpen) {
  DescriptorLedger ledger;
  ledger.BeforeRun();
  const int left = OpenOne();
  EXPECT_THAT(ledger.AfterRun(),
              ElementsAre(HasSubstr("(/dev/zero) was left open")));
  close(left);
}

TEST(DescriptorLedgerTest, FindsWhatIsClosedThoughItIsOlder) {
  const int older = OpenOne();
  DescriptorLedger ledger;
  ledger.BeforeRun();
  EXPECT_THAT(ledger.AfterRun(), IsEmpty());
  ledger.BeforeRun();
  close(older);
  EXPECT_THAT(ledger.AfterRun(),
              ElementsAre(HasSubstr("(/dev/zero), which is older than")));
}

TEST(DescriptorLedgerTest, TellsAFileFromAnotherOfTheSameNumber) {
  const int older = OpenOne();
  DescriptorLedger ledger;
  ledger.BeforeRun();
  close(older);
  const int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(other, older);
  EXPECT_THAT(ledger.AfterRun(),
              ElementsAre(HasSubstr("(/dev/null) was left open")));
  close(other);
}

// As when glibc, in another thread, reads how many processors there are.
TEST(DescriptorLedgerTest, IgnoresWhatIsOpenForAMomentAtTheBeginning) {
  DescriptorLedger ledger;
  const int momentary = OpenOne();
  ledger.BeforeRun();
  close(momentary);
  EXPECT_THAT(ledger.AfterRun(), IsEmpty());
}

TEST(DescriptorLedgerTest, IgnoresWhatIsOpenForAMomentAtTheEnd) {
  static int momentary;
  DescriptorLedger ledger([] { close(momentary); });
  ledger.BeforeRun();
  momentary = OpenOne();
  EXPECT_THAT(ledger.AfterRun(), IsEmpty());
}

TEST(DescriptorLedgerTest, IsAskedByEachSweep) {
  int older = OpenOne();
  const auto close_it = [&older]() -> Task<> {
    if (older >= 0) close(std::exchange(older, -1));
    co_await Checkpoint();
  };
  EXPECT_THAT(
      FailuresOf([&] { CancelEverywhere(close_it); }),
      HasSubstr("(/dev/zero), which is older than the run, was closed"));
}

}  // namespace
}  // namespace creche::internal
