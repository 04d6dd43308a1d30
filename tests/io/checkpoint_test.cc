// SPDX-License-Identifier: Apache-2.0
//
// What completes without waiting is a checkpoint all the same, and a task that
// is cancelled there has lost nothing.

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/cancel_scope.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/io/any_stream.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/io/directory.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/io/pool.h"
#include "creche/io/read_write_file.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/expect_checkpoint.h"
#include "creche/testing/memory_stream.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using std::string_literals::operator""s;

// Its result is of no interest.
template <typename Awaitable>
Task<> Done(Awaitable awaitable) {
  [[maybe_unused]] const auto result = co_await std::move(awaitable);
}

// The loop is cancelled by a task that has its turn only if the loop lets it.
template <typename Run>
Task<bool> EndsInALoop(const Run& run) {
  CancelScope scope;
  auto cancel = [&]() -> Task<> {
    scope.Cancel();
    co_return;
  };
  auto loop = [&]() -> Task<> {
    for (int i = 0; i < 1000; ++i) co_await run();
  };
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(cancel);
    co_await scope.Run(loop);
  };
  const absl::Status status = co_await WithNursery(body);
  EXPECT_THAT(status, IsOk());
  co_return scope.cancelled_caught();
}

// run() can be repeated.
template <typename Run>
Task<> ExpectIsCheckpoint(const char* name, const Run& run) {
  SCOPED_TRACE(name);
  co_await ExpectCheckpoint(run());
  const bool has_completed = co_await MoveOnAfter(absl::ZeroDuration(), run());
  EXPECT_FALSE(has_completed) << "the task was cancelled";
  const bool ends = co_await EndsInALoop(run);
  EXPECT_TRUE(ends) << "nobody else has had a turn";
}

Task<> ExpectCheckpointsOn(File& file) {
  char buffer[8];
  co_await ExpectIsCheckpoint("Read", [&]() -> Task<> {
    co_await Done(file.Read(absl::MakeSpan(buffer)));
  });
  co_await ExpectIsCheckpoint("ReadAt", [&]() -> Task<> {
    co_await Done(file.ReadAt(0, absl::MakeSpan(buffer)));
  });
  co_await ExpectIsCheckpoint(
      "Read nothing", [&]() -> Task<> { co_await Done(file.Read({})); });
  co_await ExpectIsCheckpoint(
      "Write", [&]() -> Task<> { co_await Done(file.Write("text")); });
  co_await ExpectIsCheckpoint(
      "Write nothing", [&]() -> Task<> { co_await Done(file.Write("")); });
  co_await ExpectIsCheckpoint(
      "WriteAt", [&]() -> Task<> { co_await Done(file.WriteAt(0, "text")); });
  co_await ExpectIsCheckpoint("WriteAt nowhere", [&]() -> Task<> {
    co_await Done(file.WriteAt(~std::uint64_t{0}, "text"));
  });
  co_await ExpectIsCheckpoint("Sync",
                              [&]() -> Task<> { co_await Done(file.Sync()); });
  co_await ExpectIsCheckpoint("Info",
                              [&]() -> Task<> { co_await Done(file.Info()); });
  co_await ExpectIsCheckpoint(
      "Truncate", [&]() -> Task<> { co_await Done(file.Truncate(0)); });
}

TEST(CheckpointTest, Files) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("file");
    File file = (co_await File::Open(path, File::kReadWrite)).value();
    co_await ExpectCheckpointsOn(file);
  });
}

TEST(CheckpointTest, ClosedFiles) {
  RunChecked([]() -> Task<> {
    const std::string path = PathOf("closed");
    File file = (co_await File::Open(path, File::kReadWrite)).value();
    CO_ASSERT_OK(co_await file.Close());
    co_await ExpectCheckpointsOn(file);
    co_await ExpectIsCheckpoint(
        "Close", [&]() -> Task<> { co_await Done(file.Close()); });
  });
}

TEST(CheckpointTest, PathsThatNoFileHas) {
  RunChecked([]() -> Task<> {
    const std::string bad = "a\0b"s;
    co_await ExpectIsCheckpoint("Open", [&]() -> Task<> {
      co_await Done(File::Open(bad, File::kRead));
    });
    co_await ExpectIsCheckpoint(
        "RenameFile", [&]() -> Task<> { co_await Done(RenameFile(bad, "b")); });
    co_await ExpectIsCheckpoint("RenameFile to", [&]() -> Task<> {
      co_await Done(RenameFile("b", bad));
    });
    co_await ExpectIsCheckpoint(
        "RemoveFile", [&]() -> Task<> { co_await Done(RemoveFile(bad)); });
    co_await ExpectIsCheckpoint(
        "GetFileInfo", [&]() -> Task<> { co_await Done(GetFileInfo(bad)); });
    co_await ExpectIsCheckpoint("MakeDirectory", [&]() -> Task<> {
      co_await Done(MakeDirectory(bad));
    });
    co_await ExpectIsCheckpoint("RemoveDirectory", [&]() -> Task<> {
      co_await Done(RemoveDirectory(bad));
    });
    co_await ExpectIsCheckpoint(
        "ReadFile", [&]() -> Task<> { co_await Done(ReadFile(bad)); });
    co_await ExpectIsCheckpoint("WriteFile", [&]() -> Task<> {
      co_await Done(WriteFile(bad, "text"));
    });
    co_await ExpectIsCheckpoint("WriteFile, atomic", [&]() -> Task<> {
      co_await Done(
          WriteFile(bad, "text", WriteFileOptions().set_atomic(true)));
    });
  });
}

TEST(CheckpointTest, ClosedPipes) {
  RunChecked([]() -> Task<> {
    auto [reader, writer] = MakePipe().value();
    reader.Close();
    writer.Close();
    char buffer[8];
    co_await ExpectIsCheckpoint(
        "ReceiveSome", [&, &reader = reader]() -> Task<> {
          co_await Done(reader.ReceiveSome(absl::MakeSpan(buffer)));
        });
    co_await ExpectIsCheckpoint("SendAll", [&writer = writer]() -> Task<> {
      co_await Done(writer.SendAll("text"));
    });
    co_await ExpectIsCheckpoint("SendEof", [&writer = writer]() -> Task<> {
      co_await Done(writer.SendEof());
    });
  });
}

// A stream that has all for the reader in the first call.
class FullStream {
 public:
  Task<absl::StatusOr<size_t>> ReceiveSome(absl::Span<char> buffer) {
    for (size_t i = 0; i < buffer.size(); ++i) buffer[i] = i % 2 ? '\n' : 'x';
    co_return buffer.size();
  }
  void Close() {}
};

CRECHE_TEST(CheckpointTest, ReadersOfWhatIsBuffered) {
  FullStream stream;
  BufferedReader reader(stream);
  co_await ExpectIsCheckpoint(
      "ReadLine", [&]() -> Task<> { co_await Done(reader.ReadLine()); });
  co_await ExpectIsCheckpoint(
      "ReadUntil", [&]() -> Task<> { co_await Done(reader.ReadUntil("\n")); });
  co_await ExpectIsCheckpoint("ReadUntil nothing", [&]() -> Task<> {
    co_await Done(reader.ReadUntil(""));
  });
  co_await ExpectIsCheckpoint(
      "ReadExactly", [&]() -> Task<> { co_await Done(reader.ReadExactly(2)); });
  co_await ExpectIsCheckpoint("ReadExactly nothing", [&]() -> Task<> {
    co_await Done(reader.ReadExactly(0));
  });
  co_await ExpectIsCheckpoint(
      "ReadSome", [&]() -> Task<> { co_await Done(reader.ReadSome(2)); });
}

CRECHE_TEST(CheckpointTest, AReaderThatIsCancelledHasTakenNothing) {
  auto [stream, peer] = MemoryStreamPair();
  CO_ASSERT_OK(co_await peer.SendAll("one\ntwo\n"));
  BufferedReader reader(stream);
  EXPECT_EQ((co_await reader.ReadLine()).value(), "one");
  auto read = reader.ReadLine();
  EXPECT_FALSE((co_await MoveOnAfter(absl::ZeroDuration(), std::move(read)))
                   .has_value());
  EXPECT_EQ((co_await reader.ReadLine()).value(), "two");
}

CRECHE_TEST(CheckpointTest, WritersWithRoom) {
  auto [stream, peer] = MemoryStreamPair();
  BufferedWriter writer(stream, /*capacity=*/1'000'000);
  co_await ExpectIsCheckpoint(
      "Flush nothing", [&]() -> Task<> { co_await Done(writer.Flush()); });
  co_await ExpectIsCheckpoint(
      "Write", [&]() -> Task<> { co_await Done(writer.Write("x")); });
  co_await ExpectIsCheckpoint(
      "Write nothing", [&]() -> Task<> { co_await Done(writer.Write("")); });
  co_await ExpectIsCheckpoint(
      "Flush", [&]() -> Task<> { co_await Done(writer.Flush()); });
}

CRECHE_TEST(CheckpointTest, AWriterThatIsCancelledHasKeptNothing) {
  auto [stream, peer] = MemoryStreamPair();
  BufferedWriter writer(stream);
  auto write = writer.Write("x");
  EXPECT_FALSE((co_await MoveOnAfter(absl::ZeroDuration(), std::move(write)))
                   .has_value());
  EXPECT_EQ(writer.unsent(), 0U);
}

CRECHE_TEST(CheckpointTest, AnyStreamsThatWereMovedFrom) {
  auto [stream, peer] = MemoryStreamPair();
  AnyStream any(std::move(stream));
  [[maybe_unused]] const AnyStream moved = std::move(any);
  char buffer[8];
  co_await ExpectIsCheckpoint("ReceiveSome", [&]() -> Task<> {
    co_await Done(any.ReceiveSome(absl::MakeSpan(buffer)));
  });
  co_await ExpectIsCheckpoint(
      "SendAll", [&]() -> Task<> { co_await Done(any.SendAll("text")); });
  co_await ExpectIsCheckpoint(
      "SendEof", [&]() -> Task<> { co_await Done(any.SendEof()); });
}

CRECHE_TEST(CheckpointTest, PoolsWithAnIdleConnection) {
  int opened = 0;
  auto open = [&]() -> Task<absl::StatusOr<int>> { co_return ++opened; };
  Pool<int> pool(open, PoolOptions().set_max_size(1));
  co_await ExpectIsCheckpoint("Borrow", [&]() -> Task<> {
    auto borrow = pool.Borrow();
    auto lease = co_await std::move(borrow);
    lease->Return();
  });
  EXPECT_EQ(opened, 1) << "a task that was cancelled has lost the connection";
  EXPECT_EQ(pool.idle(), 1U);
  EXPECT_EQ(pool.lent(), 0U);
}

}  // namespace
}  // namespace creche
