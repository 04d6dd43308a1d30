// SPDX-License-Identifier: Apache-2.0

#include "creche/io/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_checked.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

// Puts another descriptor in the place of one, for a while.
class Replaced {
 public:
  Replaced(int fd, int by) : fd_(fd), old_(dup(fd)) { dup2(by, fd); }
  ~Replaced() {
    dup2(old_, fd_);
    close(old_);
  }

 private:
  const int fd_;
  const int old_;
};

TEST(StandardStreamsTest, AreWhatTheProcessHas) {
  RunChecked([]() -> Task<> {
    Pipe in;
    Pipe out;
    const int in_flags = fcntl(in.read_end(), F_GETFL);
    const Replaced replaced_in(STDIN_FILENO, in.read_end());
    std::optional<Replaced> replaced_out(std::in_place, STDOUT_FILENO,
                                         out.write_end());
    {
      PipeReader input = StandardInput().value();
      PipeWriter output = StandardOutput().value();
      EXPECT_EQ(write(in.write_end(), "typed", 5), 5);
      char buffer[5];
      EXPECT_EQ((co_await input.ReceiveSome(buffer)).value(), 5U);
      EXPECT_THAT(co_await output.SendAll({buffer, 5}), IsOk());
    }
    replaced_out.reset();
    char buffer[5];
    EXPECT_EQ(read(out.read_end(), buffer, 5), 5);
    EXPECT_EQ(absl::string_view(buffer, 5), "typed");
    EXPECT_EQ(fcntl(STDIN_FILENO, F_GETFL), in_flags)
        << "it is open, and its mode was left as it was";
  });
}

// Everything that the library opens, and what peers bring. Returns the lowest
// number that it has got, or -1 if something has failed.
Task<int> LowestDescriptor() {
  auto [reader, writer] = MakePipe().value();
  auto [stream, peer] = UnixStream::Pair().value();
  const File file = (co_await File::Open("/", File::kRead)).value();
  TcpListener listener = (co_await ListenTcp("127.0.0.1", 0)).value();
  auto connecting = ConnectTcp("127.0.0.1", listener.port());
  const TcpStream client = (co_await std::move(connecting)).value();
  const TcpStream server = (co_await listener.Accept()).value();
  co_return std::min({reader.fd(), writer.fd(), stream.fd(), peer.fd(),
                      file.fd(), listener.fd(), client.fd(), server.fd()});
}

enum Outcome { kAsItShouldBe, kNumberTaken, kCanBeWritten, kHasStreams };

// In a process of its own.
[[noreturn]] void RunWithoutStandardStreams() {
  close(STDIN_FILENO);
  close(STDOUT_FILENO);
  close(STDERR_FILENO);
  const absl::StatusOr<int> lowest = RunToTest(LowestDescriptor);
  if (lowest.value_or(-1) <= STDERR_FILENO) _exit(kNumberTaken);
  if (write(STDOUT_FILENO, "x", 1) != -1 || errno != EBADF) {
    _exit(kCanBeWritten);
  }
  const bool has_none = absl::IsFailedPrecondition(StandardInput().status()) &&
                        absl::IsFailedPrecondition(StandardOutput().status()) &&
                        absl::IsFailedPrecondition(StandardError().status());
  _exit(has_none ? kAsItShouldBe : kHasStreams);
}

TEST(StandardStreamsDeathTest, KeepTheirNumbersWhereTheyAreClosed) {
  EXPECT_EXIT(RunWithoutStandardStreams(),
              ::testing::ExitedWithCode(kAsItShouldBe), "");
}

// Before and after a run, too.
[[noreturn]] void OpenOutsideOfRuns() {
  close(STDIN_FILENO);
  const auto pipe = MakePipe();
  const auto pair = UnixStream::Pair();
  _exit(pipe.ok() && pipe->first.fd() > STDERR_FILENO && pair.ok() &&
                pair->first.fd() > STDERR_FILENO
            ? kAsItShouldBe
            : kNumberTaken);
}

TEST(StandardStreamsDeathTest, KeepTheirNumbersOutsideOfRuns) {
  EXPECT_EXIT(OpenOutsideOfRuns(), ::testing::ExitedWithCode(kAsItShouldBe),
              "");
}

}  // namespace
}  // namespace creche
