// SPDX-License-Identifier: Apache-2.0
//
// Four bugs that come out when a kernel operation does not do all it was asked
// to, each in a small piece of code that is right but for that. FailEverywhere
// must find each, whatever comes first, and nothing where the bug is mended.

#include <fcntl.h>
#include <liburing.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/checkpoint.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/sync/event.h"
#include "creche/testing/fail_everywhere.h"
#include "creche/uring/file_descriptor.h"
#include "creche/uring/operation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/failures_of.h"
#include "tests/testing/preludes.h"

namespace creche {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

enum Version { kRight, kBuggy };

class PlantedFaultsTest : public ::testing::TestWithParam<Prelude> {
 protected:
  // Bugs may leave descriptors open.
  PlantedFaultsTest() : first_free_(dup(0)) { close(first_free_); }
  ~PlantedFaultsTest() override { CloseWhatWasLeft(); }

  // `body(version)` returns a Task<absl::Status>.
  template <typename Body>
  void ExpectFindsTheBug(Body body, const char* operation, const char* text) {
    EXPECT_THAT(FailuresOfSweeping(body, kBuggy),
                AllOf(HasSubstr(operation), HasSubstr(text)));
    CloseWhatWasLeft();
    EXPECT_EQ(FailuresOfSweeping(body, kRight), "");
  }

 private:
  template <typename Body>
  static std::string FailuresOfSweeping(Body& body, Version version) {
    auto after_prelude = [&]() -> Task<absl::Status> {
      co_await Try(GetParam().run());
      co_return co_await body(version);
    };
    return FailuresOf([&] { FailEverywhere(after_prelude); });
  }

  void CloseWhatWasLeft() const {
    for (int fd = first_free_; fd < first_free_ + 32; ++fd) close(fd);
  }

  const int first_free_;
};

Task<int> Read(int fd, char* buffer, unsigned size) {
  auto read = [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, fd, buffer, size, 0);
  };
  co_return co_await Uring(read);
}

int OpenZeros() { return open("/dev/zero", O_RDONLY | O_CLOEXEC); }

// 1. The way out of an error leads past the close.
TEST_P(PlantedFaultsTest, ADescriptorThatAnErrorLeaves) {
  auto body = [](Version version) -> Task<absl::Status> {
    const int fd = OpenZeros();
    FileDescriptor owner(version == kRight ? fd : -1);
    char byte;
    const int result = co_await Shield(Read(fd, &byte, 1));
    if (result < 0) co_return absl::ErrnoToStatus(-result, "read");
    if (version == kBuggy) close(fd);
    co_return absl::OkStatus();
  };
  ExpectFindsTheBug(body, "fails with EIO (read", "was left open");
}

// 2. What came is taken for all that was asked for.
TEST_P(PlantedFaultsTest, AShortResultTakenForAWholeOne) {
  auto body = [](Version version) -> Task<absl::Status> {
    const FileDescriptor zeros(OpenZeros());
    std::string buffer = "unread";
    unsigned size = 0;
    do {
      const int result = co_await Read(zeros.get(), buffer.data() + size,
                                       buffer.size() - size);
      if (result < 0) co_return absl::ErrnoToStatus(-result, "read");
      size += result;
    } while (version == kRight && size < buffer.size());
    EXPECT_EQ(buffer, std::string(buffer.size(), '\0')) << "not all was read";
    co_return absl::OkStatus();
  };
  ExpectFindsTheBug(body, "moves all but the last byte", "not all was read");
}

// 3. Somebody waits for a success that does not come.
TEST_P(PlantedFaultsTest, AWakeUpThatAnErrorForgets) {
  auto body = [](Version version) -> Task<absl::Status> {
    Event is_read;
    auto read = [&]() -> Task<> {
      const FileDescriptor zeros(OpenZeros());
      char byte;
      const int result = co_await Read(zeros.get(), &byte, 1);
      if (version == kRight || result == 1) is_read.Set();
    };
    auto wait = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(read);
      co_await is_read.Wait();
    };
    co_return co_await WithNursery(wait);
  };
  ExpectFindsTheBug(body, "fails with ERESTARTSYS (read", "deadlock");
}

// 4. What an operation has opened although it was cancelled has no owner.
TEST_P(PlantedFaultsTest, ADescriptorThatComesTooLate) {
  auto body = [](Version version) -> Task<absl::Status> {
    auto open = [](io_uring_sqe& entry) {
      io_uring_prep_openat(&entry, AT_FDCWD, "/dev/zero", O_RDONLY | O_CLOEXEC,
                           0);
    };
    const int fd = co_await Uring(open);
    if (fd < 0) co_return absl::ErrnoToStatus(-fd, "open");
    FileDescriptor owner(version == kRight ? fd : -1);
    co_await Checkpoint();
    if (version == kBuggy) close(fd);
    co_return absl::OkStatus();
  };
  ExpectFindsTheBug(body, "succeeds after its cancellation (openat",
                    "was left open");
}

INSTANTIATE_TEST_SUITE_P(After, PlantedFaultsTest,
                         ::testing::ValuesIn(kPreludes), PreludeName);

}  // namespace
}  // namespace creche
