// SPDX-License-Identifier: Apache-2.0
//
// kernel.io_uring_disabled, which is the whole machine's: these tests run only
// where the kernel is theirs (tools/test_on_kernel). Linux 6.6 and newer have
// it.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/backend.h"
#include "creche/core/statistics.h"
#include "creche/core/task.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using ::testing::ExitedWithCode;
using ::testing::HasSubstr;

constexpr char kDisabled[] = "/proc/sys/kernel/io_uring_disabled";
constexpr char kGroup[] = "/proc/sys/kernel/io_uring_group";
constexpr gid_t kSomeGroup = 4321;
constexpr uid_t kSomeUser = 4322;

void Set(const char* setting, int value) {
  std::ofstream file(setting);
  file << value << std::flush;
  if (!file.good()) abort();
}

absl::StatusOr<Backend> RunOn(Backend wanted) {
  RunOptions options;
  options.backend = wanted;
  return creche::Run(std::move(options), []() -> Task<absl::StatusOr<Backend>> {
    co_return statistics().backend;
  });
}

// Ends the process: with 0 if a run that may choose has `expected`.
void ChooseAndExit(Backend expected) {
  unsetenv("CRECHE_BACKEND");
  const absl::StatusOr<Backend> backend = RunOn(Backend::kAuto);
  fprintf(stderr, "%s\n", backend.status().ToString().c_str());
  _exit(backend.ok() && *backend == expected ? 0 : 1);
}

void BecomeAUserOf(gid_t group) {
  if (setgid(group) != 0 || setuid(kSomeUser) != 0) abort();
}

class IoUringDisabledTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("CRECHE_OWN_KERNEL") == nullptr) {
      GTEST_SKIP() << "the setting is the whole machine's";
    }
    if (access(kDisabled, W_OK) != 0) {
      GTEST_SKIP() << "this kernel has no such setting";
    }
    is_set_ = true;
  }
  void TearDown() override {
    if (is_set_) Set(kDisabled, 0);
  }

 private:
  bool is_set_ = false;
};
using IoUringDisabledDeathTest = IoUringDisabledTest;

TEST_F(IoUringDisabledTest, ForEverybodyMeansEpoll) {
  Set(kDisabled, 2);
  EXPECT_THAT(RunOn(Backend::kUring).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("kernel.io_uring_disabled is 2")));
  EXPECT_EQ(RunOn(Backend::kEpoll).value(), Backend::kEpoll);
}

TEST_F(IoUringDisabledDeathTest, ARunThatMayChooseHeedsIt) {
  Set(kDisabled, 2);
  EXPECT_EXIT(ChooseAndExit(Backend::kEpoll), ExitedWithCode(0), "");
  Set(kDisabled, 1);  // Root may.
  EXPECT_EXIT(ChooseAndExit(Backend::kUring), ExitedWithCode(0), "");
}

TEST_F(IoUringDisabledDeathTest, ForAllButAGroup) {
  Set(kGroup, kSomeGroup);
  Set(kDisabled, 1);
  const auto as_member = [] {
    BecomeAUserOf(kSomeGroup);
    ChooseAndExit(Backend::kUring);
  };
  EXPECT_EXIT(as_member(), ExitedWithCode(0), "");
  const auto as_other = [] {
    BecomeAUserOf(kSomeGroup + 1);
    fprintf(stderr, "%s\n", RunOn(Backend::kUring).status().ToString().c_str());
    ChooseAndExit(Backend::kEpoll);
  };
  EXPECT_EXIT(as_other(), ExitedWithCode(0), "kernel.io_uring_disabled is 1");
}

}  // namespace
}  // namespace creche
