// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of what wraps a stream: BufferedReader, BufferedWriter, Pool.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "creche/core/errors.h"
#include "creche/core/sleep.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/io/pool.h"
#include "creche/testing/memory_stream.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

// A reader, and who sends to it.
struct Reading {
  Reading() : Reading(MemoryStreamPair()) {}

  // With two lines in the buffer.
  Task<absl::Status> Fill() {
    co_await Try(there.SendAll("first\nsecond\nthird\n"));
    co_return (co_await reader.ReadLine()).status();
  }
  auto SendLater() {
    return [this]() -> Task<> {
      (co_await there.SendAll("first\n")).IgnoreError();
    };
  }

  MemoryStream here;
  MemoryStream there;
  BufferedReader<MemoryStream> reader;

 private:
  explicit Reading(std::pair<MemoryStream, MemoryStream> ends)
      : here(std::move(ends.first)),
        there(std::move(ends.second)),
        reader(here) {}
};

Task<absl::Status> HasDelimiter() {
  Reading reading;
  co_await Try(reading.Fill());
  co_return co_await AtOnce(reading.reader.ReadUntil("n"));
}

Task<absl::Status> GetsDelimiter() {
  Reading reading;
  co_return co_await UntilItIsDone(reading.reader.ReadUntil("r"),
                                   reading.SendLater());
}

Task<absl::Status> HasNoDelimiter() {
  Reading reading;
  co_return co_await Refused(reading.reader.ReadUntil(""),
                             absl::IsInvalidArgument);
}

Task<absl::Status> HasLine() {
  Reading reading;
  co_await Try(reading.Fill());
  co_return co_await AtOnce(reading.reader.ReadLine());
}

Task<absl::Status> GetsLine() {
  Reading reading;
  co_return co_await UntilItIsDone(reading.reader.ReadLine(),
                                   reading.SendLater());
}

Task<absl::Status> HasTooLongLine() {
  Reading reading;
  co_await Try(reading.Fill());
  co_return co_await Refused(reading.reader.ReadLine(3),
                             absl::IsResourceExhausted);
}

Task<absl::Status> HasBytes() {
  Reading reading;
  co_await Try(reading.Fill());
  co_return co_await AtOnce(reading.reader.ReadExactly(3));
}

Task<absl::Status> GetsBytes() {
  Reading reading;
  co_return co_await UntilItIsDone(reading.reader.ReadExactly(3),
                                   reading.SendLater());
}

Task<absl::Status> WantsNoBytes() {
  Reading reading;
  co_return co_await AtOnce(reading.reader.ReadExactly(0));
}

Task<absl::Status> ReadsExactlyOfClosed() {
  Reading reading;
  reading.here.Close();
  co_return co_await Refused(reading.reader.ReadExactly(3), IsClosedResource);
}

Task<absl::Status> HasSome() {
  Reading reading;
  co_await Try(reading.Fill());
  co_return co_await AtOnce(reading.reader.ReadSome());
}

Task<absl::Status> GetsSome() {
  Reading reading;
  co_return co_await UntilItIsDone(reading.reader.ReadSome(),
                                   reading.SendLater());
}

Task<absl::Status> ReadsSomeOfClosed() {
  Reading reading;
  reading.here.Close();
  co_return co_await Refused(reading.reader.ReadSome(), IsClosedResource);
}

// A writer into a stream that takes four bytes before its peer receives.
struct Writing {
  Writing() : Writing(MemoryStreamPair(4)) {}

  auto ReceiveLater() {
    return [this]() -> Task<> {
      char buffer[16];
      (co_await there.ReceiveSome(absl::MakeSpan(buffer))).IgnoreError();
    };
  }

  MemoryStream here;
  MemoryStream there;
  BufferedWriter<MemoryStream> writer;

 private:
  explicit Writing(std::pair<MemoryStream, MemoryStream> ends)
      : here(std::move(ends.first)),
        there(std::move(ends.second)),
        writer(here, /*capacity=*/4) {}
};

Task<absl::Status> HasRoom() {
  Writing writing;
  co_return co_await AtOnce(writing.writer.Write("abc"));
}

Task<absl::Status> WritesNothing() {
  Writing writing;
  co_return co_await AtOnce(writing.writer.Write(""));
}

Task<absl::Status> HasNoRoom() {
  Writing writing;
  co_return co_await UntilItIsDone(writing.writer.Write("abcdefgh"),
                                   writing.ReceiveLater());
}

Task<absl::Status> WritesToClosed() {
  Writing writing;
  writing.here.Close();
  co_return co_await Refused(writing.writer.Write("abcd"), IsClosedResource);
}

Task<absl::Status> FlushesNothing() {
  Writing writing;
  co_return co_await AtOnce(writing.writer.Flush());
}

Task<absl::Status> FlushesUntilReceived() {
  Writing writing;
  co_await Try(writing.here.SendAll("abcd"));
  co_await Try(writing.writer.Write("abc"));
  co_return co_await UntilItIsDone(writing.writer.Flush(),
                                   writing.ReceiveLater());
}

Task<absl::Status> FlushesToClosed() {
  Writing writing;
  co_await Try(writing.writer.Write("abc"));
  writing.here.Close();
  co_return co_await Refused(writing.writer.Flush(), IsClosedResource);
}

Task<absl::StatusOr<int>> OpenNumber() { co_return 1; }
Task<absl::StatusOr<int>> FailToOpen() {
  co_return absl::AbortedError("on purpose");
}

Task<absl::Status> BorrowsIdle() {
  Pool<int> pool(OpenNumber);
  {
    Pool<int>::Lease lease = co_await Try(pool.Borrow());
    lease.Return();
  }
  co_return co_await AtOnce(pool.Borrow());
}

Task<absl::Status> BorrowsWhatOpensAtOnce() {
  Pool<int> pool(OpenNumber);
  co_return co_await AtOnce(pool.Borrow());
}

Task<absl::Status> BorrowsLater() {
  Pool<int> pool(OpenNumber, PoolOptions().set_max_size(1));
  std::optional<Pool<int>::Lease> lease;
  lease.emplace(co_await Try(pool.Borrow()));
  co_return co_await UntilItIsDone(pool.Borrow(), [&] { lease.reset(); });
}

Task<absl::Status> BorrowsWhatFailsToOpen() {
  Pool<int> pool(FailToOpen);
  co_return co_await Refused(pool.Borrow(), absl::IsAborted);
}

}  // namespace

std::vector<Awaitable> BufferAwaitables() {
  constexpr Kernel kUnused = Kernel::kUnused;
  return {
      {"BufferedReader::ReadUntil", HasDelimiter, GetsDelimiter,
       HasNoDelimiter},
      {"BufferedReader::ReadLine", HasLine, GetsLine, HasTooLongLine},
      {"BufferedReader::ReadExactly",
       HasBytes,
       GetsBytes,
       ReadsExactlyOfClosed,
       kUnused,
       {WantsNoBytes}},
      {"BufferedReader::ReadSome", HasSome, GetsSome, ReadsSomeOfClosed},
      {"BufferedWriter::Write",
       HasRoom,
       HasNoRoom,
       WritesToClosed,
       kUnused,
       {WritesNothing}},
      {"BufferedWriter::Flush", FlushesNothing, FlushesUntilReceived,
       FlushesToClosed},
      {"Pool::Borrow",
       BorrowsIdle,
       BorrowsLater,
       BorrowsWhatFailsToOpen,
       kUnused,
       {BorrowsWhatOpensAtOnce}},
  };
}

}  // namespace creche::awaitables
