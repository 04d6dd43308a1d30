// SPDX-License-Identifier: Apache-2.0
//
// Terminals block those who read or write them whatever poll() says. What waits
// for one must not stop the run, and must be cancelled when that is due.

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

// A pseudoterminal in raw mode.
class Terminal {
 public:
  Terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (grantpt(master_.get()) != 0 || unlockpt(master_.get()) != 0) abort();
    name_ = ptsname(master_.get());
    slave_ = FileDescriptor(Open());
    termios settings = {};
    if (tcgetattr(slave_.get(), &settings) != 0) abort();
    cfmakeraw(&settings);
    if (tcsetattr(slave_.get(), TCSANOW, &settings) != 0) abort();
  }

  // A descriptor of one side that is the caller's.
  int Master() { return dup(master_.get()); }
  int Open() { return open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC); }
  const std::string& name() const { return name_; }

 private:
  FileDescriptor master_;
  FileDescriptor slave_;
  std::string name_;
};

// Starts `wait()`, and cancels it a few milliseconds later: which comes to pass
// only if the run does not stand still meanwhile.
template <typename Wait>
void ExpectCancelled(Wait wait) {
  auto main = [&]() -> Task<absl::Status> {
    const absl::Time start = Now();
    auto body = [&](Nursery& nursery) -> Task<> {
      auto wait_for_ever = [&]() -> Task<> {
        const absl::Status ended = co_await wait();
        ADD_FAILURE() << "there was nothing to wait for: " << ended;
      };
      nursery.StartSoon(wait_for_ever);
      for (int i = 0; i < 5; ++i) co_await SleepFor(absl::Milliseconds(1));
      nursery.Cancel();
    };
    co_await Try(WithNursery(body));
    EXPECT_LT(Now() - start, absl::Seconds(5)) << "the run stood still";
    co_return absl::OkStatus();
  };
  EXPECT_THAT(creche::Run(main), IsOk());
}

const std::string& Much() {
  static const std::string much(size_t{256} << 10, 'x');
  return much;
}

TEST(TerminalTest, ASendIsCancelled) {
  Terminal terminal;
  PipeWriter writer(terminal.Open());
  ExpectCancelled([&]() -> Task<absl::Status> {
    co_return co_await writer.SendAll(Much());
  });
}

TEST(TerminalTest, ASendToTheMasterIsCancelled) {
  Terminal terminal;
  PipeWriter writer(terminal.Master());
  ExpectCancelled([&]() -> Task<absl::Status> {
    co_return co_await writer.SendAll(Much());
  });
}

TEST(TerminalTest, AWriteToAFileIsCancelled) {
  Terminal terminal;
  ExpectCancelled([&]() -> Task<absl::Status> {
    auto open = File::Open(terminal.name(), File::kWrite);
    File file = co_await Try(std::move(open));
    auto write = file.Write(Much());
    co_return co_await std::move(write);
  });
}

TEST(TerminalTest, AReadOfAFileIsCancelled) {
  Terminal terminal;
  ExpectCancelled([&]() -> Task<absl::Status> {
    auto open = File::Open(terminal.name(), File::kRead);
    File file = co_await Try(std::move(open));
    char buffer[16];
    auto read = file.Read(absl::MakeSpan(buffer));
    co_return (co_await std::move(read)).status();
  });
}

TEST(TerminalTest, CarriesWhatIsWritten) {
  Terminal terminal;
  std::string received;
  auto main = [&]() -> Task<absl::Status> {
    PipeWriter writer(terminal.Master());
    PipeReader reader(terminal.Open());
    auto body = [&](Nursery& nursery) -> Task<absl::Status> {
      auto send = [&]() -> Task<absl::Status> {
        co_return co_await writer.SendAll(Much());
      };
      nursery.StartSoon(send);
      char buffer[4096];
      while (received.size() < Much().size()) {
        const size_t size =
            co_await Try(reader.ReceiveSome(absl::MakeSpan(buffer)));
        received.append(buffer, size);
      }
      co_return absl::OkStatus();
    };
    co_return co_await WithNursery(body);
  };
  EXPECT_THAT(creche::Run(main), IsOk());
  EXPECT_EQ(received, Much());
}

}  // namespace
}  // namespace creche
