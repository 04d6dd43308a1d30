// SPDX-License-Identifier: Apache-2.0

#include "creche/io/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/io/pipe.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/run_checked.h"

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
      EXPECT_TRUE((co_await output.SendAll({buffer, 5})).ok());
    }
    replaced_out.reset();
    char buffer[5];
    EXPECT_EQ(read(out.read_end(), buffer, 5), 5);
    EXPECT_EQ(absl::string_view(buffer, 5), "typed");
    EXPECT_EQ(fcntl(STDIN_FILENO, F_GETFL), in_flags)
        << "it is open, and its mode was left as it was";
  });
}

}  // namespace
}  // namespace creche
