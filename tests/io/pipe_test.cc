// SPDX-License-Identifier: Apache-2.0

#include "creche/io/pipe.h"

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/checkpoint.h"
#include "creche/core/errors.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/testing/check_stream.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/open_files.h"
#include "tests/support/path_of.h"
#include "tests/support/run_checked.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

// The ends, each with the half that it has not, so that both are ByteStreams.
class InEnd {
 public:
  explicit InEnd(PipeWriter writer) : writer_(std::move(writer)) {}

  Task<absl::StatusOr<size_t>> ReceiveSome(absl::Span<char> /*buffer*/) {
    co_return absl::UnimplementedError("it is a writer");
  }
  auto SendAll(absl::string_view data) { return writer_.SendAll(data); }
  auto SendEof() { return writer_.SendEof(); }
  void Close() { writer_.Close(); }

 private:
  PipeWriter writer_;
};

class OutEnd {
 public:
  explicit OutEnd(PipeReader reader) : reader_(std::move(reader)) {}

  auto ReceiveSome(absl::Span<char> buffer) {
    return reader_.ReceiveSome(buffer);
  }
  Task<absl::Status> SendAll(absl::string_view /*data*/) {
    co_return absl::UnimplementedError("it is a reader");
  }
  Task<absl::Status> SendEof() {
    co_return absl::UnimplementedError("it is a reader");
  }
  void Close() { reader_.Close(); }

 private:
  PipeReader reader_;
};

std::pair<InEnd, OutEnd> Ends() {
  auto [reader, writer] = MakePipe().value();
  return std::make_pair(InEnd(std::move(writer)), OutEnd(std::move(reader)));
}

// As if another process that shares them wanted it so.
std::pair<InEnd, OutEnd> NonBlockingEnds() {
  auto [reader, writer] = MakePipe().value();
  fcntl(reader.fd(), F_SETFL, fcntl(reader.fd(), F_GETFL) | O_NONBLOCK);
  fcntl(writer.fd(), F_SETFL, fcntl(writer.fd(), F_GETFL) | O_NONBLOCK);
  return std::make_pair(InEnd(std::move(writer)), OutEnd(std::move(reader)));
}

TEST(PipeTest, IsAOneWayStream) { CheckOneWayStream(Ends, Ends); }

TEST(PipeTest, IsAOneWayStreamInNonBlockingMode) {
  CheckOneWayStream(NonBlockingEnds, NonBlockingEnds);
}

TEST(PipeTest, AReaderThatIsGoneIsAnErrorAndNoSignal) {
  RunChecked([]() -> Task<> {
    auto [reader, writer] = MakePipe().value();
    reader.Close();
    const absl::Status status = co_await writer.SendAll("for nobody");
    EXPECT_TRUE(IsBrokenResource(status)) << status;
  });
}

TEST(PipeTest, CarriesLines) {
  RunChecked([]() -> Task<> {
    auto [reader, writer] = MakePipe().value();
    BufferedWriter buffered_writer(writer);
    EXPECT_THAT(co_await buffered_writer.Write("one\ntw"), IsOk());
    EXPECT_THAT(co_await buffered_writer.Write("o\n"), IsOk());
    EXPECT_THAT(co_await buffered_writer.Flush(), IsOk());
    BufferedReader buffered_reader(reader);
    EXPECT_EQ((co_await buffered_reader.ReadLine()).value(), "one");
    EXPECT_EQ((co_await buffered_reader.ReadLine()).value(), "two");
  });
}

TEST(PipeTest, ReadsAndWritesFilesAtTheirPosition) {
  const std::string path = PathOf("position");
  RunChecked([&]() -> Task<> {
    PipeWriter writer(
        open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    EXPECT_THAT(co_await writer.SendAll("hello "), IsOk());
    EXPECT_THAT(co_await writer.SendAll("world"), IsOk());
    PipeReader reader(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char buffer[6];
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 6U);
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 5U);
    EXPECT_EQ(absl::string_view(buffer, 5), "world");
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 0U);
  });
}

TEST(PipeTest, SaysWhatIsWrong) {
  RunChecked([]() -> Task<> {
    PipeReader directory(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    char buffer[1];
    EXPECT_FALSE((co_await directory.ReceiveSome(buffer)).ok());
    PipeReader nothing(-1);
    EXPECT_FALSE((co_await nothing.ReceiveSome(buffer)).ok());
    auto [reader, writer] = MakePipe().value();
    EXPECT_EQ((co_await reader.ReceiveSome({})).status().code(),
              absl::StatusCode::kInvalidArgument);
  });
}

TEST(PipeTest, SendEofTwiceIsAsGoodAsOnce) {
  RunChecked([]() -> Task<> {
    auto [reader, writer] = MakePipe().value();
    EXPECT_THAT(co_await writer.SendEof(), IsOk());
    EXPECT_THAT(co_await writer.SendEof(), IsOk());
    EXPECT_TRUE(IsClosedResource(co_await writer.SendAll("x")));
    char buffer[1];
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 0U);
  });
}

TEST(PipeTest, SendEofAfterCloseIsAnError) {
  RunChecked([]() -> Task<> {
    auto [reader, writer] = MakePipe().value();
    writer.Close();
    EXPECT_TRUE(IsClosedResource(co_await writer.SendEof()));
  });
}

TEST(PipeTest, ErrorsNameTheDescriptor) {
  RunChecked([]() -> Task<> {
    auto [reader, writer] = MakePipe().value();
    const std::string name =
        absl::StrCat("SendAll() on descriptor ", writer.fd(), ":");
    reader.Close();
    const absl::Status broken = co_await writer.SendAll("x");
    EXPECT_TRUE(absl::StrContains(broken.message(), name)) << broken;
    writer.Close();
    const absl::Status closed = co_await writer.SendAll("x");
    EXPECT_TRUE(absl::StrContains(closed.message(), name)) << closed;
  });
}

class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (openpty(&user_, &program_, nullptr, nullptr, nullptr) != 0) {
      GTEST_SKIP() << "this machine has no pseudo terminals";
    }
  }
  void TearDown() override { close(user_); }

  void Type(absl::string_view text) {
    EXPECT_EQ(write(user_, text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  int user_ = -1;
  int program_ = -1;
};

TEST_F(TerminalTest, GivesALineAndWaitsForTheNext) {
  auto main = [&]() -> Task<> {
    PipeReader reader(program_);
    char buffer[100];
    Type("hello\n");
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 6U);
    auto none =
        co_await MoveOnAfter(absl::Milliseconds(5), reader.ReceiveSome(buffer));
    EXPECT_FALSE(none.has_value());
    Type("again\n");
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 6U);
    EXPECT_EQ(absl::string_view(buffer, 6), "again\n");
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

// As a program that has ended leaves it.
TEST_F(TerminalTest, EndsWhenNobodyHasItOpen) {
  auto main = [&]() -> Task<> {
    PipeReader reader(dup(user_));
    EXPECT_EQ(write(program_, "bye", 3), 3);
    close(program_);
    char buffer[100];
    EXPECT_EQ((co_await reader.ReceiveSome(buffer)).value(), 3U);
    const absl::StatusOr<size_t> end = co_await reader.ReceiveSome(buffer);
    EXPECT_THAT(end.status(), IsOk());
    EXPECT_EQ(end.value_or(1), 0U);
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

TEST_F(TerminalTest, ClosingWakesWhoReads) {
  auto main = [&]() -> Task<> {
    PipeReader reader(program_);
    auto body = [&](Nursery& nursery) -> Task<> {
      auto wait = [&]() -> Task<> {
        char buffer[1];
        const absl::StatusOr<size_t> size = co_await reader.ReceiveSome(buffer);
        EXPECT_TRUE(IsClosedResource(size.status())) << size.status();
      };
      nursery.StartSoon(wait);
      for (int i = 0; i < 3; ++i) co_await Checkpoint();
      reader.Close();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
