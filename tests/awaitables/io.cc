// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of files, directories and pipes.

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/errors.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/directory.h"
#include "creche/io/file.h"
#include "creche/io/pipe.h"
#include "creche/io/read_write_file.h"
#include "creche/io/stapled_stream.h"
#include "gtest/gtest.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"
#include "tests/support/path_of.h"

namespace creche::awaitables {
namespace {

constexpr const char* kDiskDecides = "how long it takes is up to the disk";
constexpr const char* kNeverWaits = "it never waits";

// More than a pipe holds, so that a send of it waits.
constexpr size_t kMuch = size_t{1} << 17;

std::string APath() { return PathOf("awaitable"); }
std::string NoPath() { return PathOf("no such directory/awaitable"); }

Task<absl::StatusOr<File>> OpenAFile() {
  co_return co_await File::Open(APath(), File::kReadWrite);
}

Task<absl::StatusOr<File>> AClosedFile() {
  File file = co_await Try(OpenAFile());
  (co_await file.Close()).IgnoreError();
  co_return std::move(file);
}

Task<absl::Status> Opens() {
  co_return co_await AtOnce(File::Open(APath(), File::kWrite));
}

Task<absl::Status> OpensWhatIsNotThere() {
  co_return co_await Refused(File::Open(NoPath(), File::kRead),
                             absl::IsNotFound);
}

Task<absl::Status> OpensANul() {
  co_return co_await Refused(File::Open(std::string("\0", 1), File::kRead),
                             absl::IsInvalidArgument);
}

Task<absl::Status> ReadsAt() {
  File file = co_await Try(OpenAFile());
  char buffer[4];
  co_return co_await AtOnce(file.ReadAt(0, buffer));
}

Task<absl::Status> ReadsAtOfClosed() {
  File file = co_await Try(AClosedFile());
  char buffer[4];
  co_return co_await Refused(file.ReadAt(0, buffer), IsClosedResource);
}

Task<absl::Status> WritesAt() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.WriteAt(0, "data"));
}

Task<absl::Status> WritesNothingAt() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.WriteAt(0, ""));
}

Task<absl::Status> WritesAtOfClosed() {
  File file = co_await Try(AClosedFile());
  co_return co_await Refused(file.WriteAt(0, "data"), IsClosedResource);
}

Task<absl::Status> Reads() {
  File file = co_await Try(OpenAFile());
  char buffer[4];
  co_return co_await AtOnce(file.Read(buffer));
}

Task<absl::Status> ReadsNothing() {
  File file = co_await Try(OpenAFile());
  co_return co_await Refused(file.Read({}), absl::IsInvalidArgument);
}

Task<absl::Status> ReadsOfClosed() {
  File file = co_await Try(AClosedFile());
  char buffer[4];
  co_return co_await Refused(file.Read(buffer), IsClosedResource);
}

Task<absl::Status> ReceivesSome() {
  File file = co_await Try(OpenAFile());
  char buffer[4];
  co_return co_await AtOnce(file.ReceiveSome(buffer));
}

Task<absl::Status> ReceivesSomeOfClosed() {
  File file = co_await Try(AClosedFile());
  char buffer[4];
  co_return co_await Refused(file.ReceiveSome(buffer), IsClosedResource);
}

Task<absl::Status> Writes() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.Write("data"));
}

Task<absl::Status> WritesNothing() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.Write(""));
}

Task<absl::Status> WritesOfClosed() {
  File file = co_await Try(AClosedFile());
  co_return co_await Refused(file.Write("data"), IsClosedResource);
}

Task<absl::Status> Syncs() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.Sync());
}

Task<absl::Status> SyncsClosed() {
  File file = co_await Try(AClosedFile());
  co_return co_await Refused(file.Sync(), IsClosedResource);
}

Task<absl::Status> Informs() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.Info());
}

Task<absl::Status> InformsOfClosed() {
  File file = co_await Try(AClosedFile());
  co_return co_await Refused(file.Info(), IsClosedResource);
}

Task<absl::Status> Truncates() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.Truncate(1));
}

Task<absl::Status> TruncatesClosed() {
  File file = co_await Try(AClosedFile());
  co_return co_await Refused(file.Truncate(1), IsClosedResource);
}

Task<absl::Status> Closes() {
  File file = co_await Try(OpenAFile());
  co_return co_await AtOnce(file.Close());
}

Task<absl::Status> ClosesClosed() {
  File file = co_await Try(AClosedFile());
  co_return co_await AtOnce(file.Close());
}

Task<absl::Status> Renames() {
  co_await Try(WriteFile(APath(), "data"));
  co_return co_await AtOnce(RenameFile(APath(), APath()));
}

Task<absl::Status> RenamesWhatIsNotThere() {
  co_return co_await Refused(RenameFile(NoPath(), APath()), absl::IsNotFound);
}

Task<absl::Status> Removes() {
  co_await Try(WriteFile(APath(), "data"));
  co_return co_await AtOnce(RemoveFile(APath()));
}

Task<absl::Status> RemovesWhatIsNotThere() {
  co_return co_await Refused(RemoveFile(NoPath()), absl::IsNotFound);
}

Task<absl::Status> GetsInfo() { co_return co_await AtOnce(GetFileInfo("/")); }

Task<absl::Status> GetsInfoOfWhatIsNotThere() {
  co_return co_await Refused(GetFileInfo(NoPath()), absl::IsNotFound);
}

std::string ADirectory() { return PathOf("awaitable directory"); }

Task<absl::Status> MakesADirectory() {
  rmdir(ADirectory().c_str());
  co_return co_await AtOnce(MakeDirectory(ADirectory()));
}

Task<absl::Status> MakesADirectoryInNone() {
  co_return co_await Refused(MakeDirectory(NoPath()), absl::IsNotFound);
}

Task<absl::Status> RemovesADirectory() {
  mkdir(ADirectory().c_str(), 0777);
  co_return co_await AtOnce(RemoveDirectory(ADirectory()));
}

Task<absl::Status> RemovesNoDirectory() {
  co_return co_await Refused(RemoveDirectory(NoPath()), absl::IsNotFound);
}

Task<absl::Status> ListsADirectory() {
  co_return co_await AtOnce(ListDirectory("/"));
}

Task<absl::Status> ListsNoDirectory() {
  co_return co_await Refused(ListDirectory(NoPath()), absl::IsNotFound);
}

Task<absl::Status> ReadsAFile() {
  co_await Try(WriteFile(APath(), "data"));
  co_return co_await AtOnce(ReadFile(APath()));
}

Task<absl::Status> ReadsNoFile() {
  co_return co_await Refused(ReadFile(NoPath()), absl::IsNotFound);
}

Task<absl::Status> WritesAFile() {
  co_return co_await AtOnce(WriteFile(APath(), "data"));
}

Task<absl::Status> WritesNoFile() {
  co_return co_await Refused(WriteFile(NoPath(), "data"), absl::IsNotFound);
}

struct Pipe {
  Pipe() : Pipe(MakePipe().value()) {}

  PipeReader reader;
  PipeWriter writer;
  char buffer[4] = {};

 private:
  explicit Pipe(std::pair<PipeReader, PipeWriter> ends)
      : reader(std::move(ends.first)), writer(std::move(ends.second)) {}
};

// Of both ends of one pipe.
StapledStream<PipeReader, PipeWriter> Staple() {
  auto ends = MakePipe().value();
  return StapledStream(std::move(ends.first), std::move(ends.second));
}

Task<absl::Status> StapledHasData() {
  auto stream = Staple();
  char buffer[4];
  co_await Try(stream.SendAll("data"));
  co_return co_await AtOnce(stream.ReceiveSome(buffer));
}

Task<absl::Status> StapledGetsData() {
  auto stream = Staple();
  char buffer[4];
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await stream.SendAll("data");
  };
  co_return co_await UntilItIsDone(stream.ReceiveSome(buffer), send);
}

Task<absl::Status> ClosedStapledReceives() {
  auto stream = Staple();
  stream.Close();
  char buffer[4];
  co_return co_await Refused(stream.ReceiveSome(buffer), IsClosedResource);
}

Task<absl::Status> StapledHasRoom() {
  auto stream = Staple();
  co_return co_await AtOnce(stream.SendAll("data"));
}

Task<absl::Status> ClosedStapledSends() {
  auto stream = Staple();
  stream.Close();
  co_return co_await Refused(stream.SendAll("data"), IsClosedResource);
}

Task<absl::Status> StapledSendsTheEnd() {
  auto stream = Staple();
  co_return co_await AtOnce(stream.SendEof());
}

Task<absl::Status> ClosedStapledSendsTheEnd() {
  auto stream = Staple();
  stream.Close();
  co_return co_await Refused(stream.SendEof(), IsClosedResource);
}

Task<absl::Status> PipeHasData() {
  Pipe pipe;
  co_await Try(pipe.writer.SendAll("data"));
  co_return co_await AtOnce(pipe.reader.ReceiveSome(pipe.buffer));
}

Task<absl::Status> PipeGetsData() {
  Pipe pipe;
  auto send = [&]() -> Task<absl::Status> {
    co_return co_await pipe.writer.SendAll("data");
  };
  co_return co_await UntilItIsDone(pipe.reader.ReceiveSome(pipe.buffer), send);
}

Task<absl::Status> ClosedReaderReceives() {
  Pipe pipe;
  pipe.reader.Close();
  co_return co_await Refused(pipe.reader.ReceiveSome(pipe.buffer),
                             IsClosedResource);
}

Task<absl::Status> PipeHasRoom() {
  Pipe pipe;
  co_return co_await AtOnce(pipe.writer.SendAll("data"));
}

Task<absl::Status> PipeGetsRoom() {
  Pipe pipe;
  const std::string data(kMuch, 'x');
  auto receive = [&]() -> Task<absl::Status> {
    std::string received(kMuch, '\0');
    for (size_t left = kMuch; left > 0;) {
      const absl::StatusOr<size_t> size =
          co_await pipe.reader.ReceiveSome(absl::MakeSpan(received));
      if (!size.ok()) co_return size.status();
      left -= *size;
    }
    co_return absl::OkStatus();
  };
  co_return co_await UntilItIsDone(pipe.writer.SendAll(data), receive);
}

Task<absl::Status> ClosedWriterSends() {
  Pipe pipe;
  pipe.writer.Close();
  co_return co_await Refused(pipe.writer.SendAll("data"), IsClosedResource);
}

Task<absl::Status> WriterSendsTheEnd() {
  Pipe pipe;
  co_return co_await AtOnce(pipe.writer.SendEof());
}

Task<absl::Status> ClosedWriterSendsTheEnd() {
  Pipe pipe;
  pipe.writer.Close();
  co_return co_await Refused(pipe.writer.SendEof(), IsClosedResource);
}

}  // namespace

std::vector<Awaitable> IoAwaitables() {
  constexpr Kernel kUsed = Kernel::kUsed;
  return {
      {"File::Open",
       Opens,
       kDiskDecides,
       OpensWhatIsNotThere,
       kUsed,
       {OpensANul}},
      {"File::ReadAt", ReadsAt, kDiskDecides, ReadsAtOfClosed, kUsed},
      {"File::WriteAt",
       WritesAt,
       kDiskDecides,
       WritesAtOfClosed,
       kUsed,
       {WritesNothingAt}},
      {"File::Read", Reads, kDiskDecides, ReadsOfClosed, kUsed, {ReadsNothing}},
      {"File::ReceiveSome", ReceivesSome, kDiskDecides, ReceivesSomeOfClosed,
       kUsed},
      {"File::Write",
       Writes,
       kDiskDecides,
       WritesOfClosed,
       kUsed,
       {WritesNothing}},
      {"File::Sync", Syncs, kDiskDecides, SyncsClosed, kUsed},
      {"File::Info", Informs, kDiskDecides, InformsOfClosed, kUsed},
      {"File::Truncate", Truncates, kDiskDecides, TruncatesClosed, kUsed},
      {"File::Close",
       Closes,
       kDiskDecides,
       "closing twice is no error",
       kUsed,
       {ClosesClosed}},
      {"RenameFile", Renames, kDiskDecides, RenamesWhatIsNotThere, kUsed},
      {"RemoveFile", Removes, kDiskDecides, RemovesWhatIsNotThere, kUsed},
      {"GetFileInfo", GetsInfo, kDiskDecides, GetsInfoOfWhatIsNotThere, kUsed},
      {"MakeDirectory", MakesADirectory, kDiskDecides, MakesADirectoryInNone,
       kUsed},
      {"RemoveDirectory", RemovesADirectory, kDiskDecides, RemovesNoDirectory,
       kUsed},
      {"ListDirectory", ListsADirectory, kDiskDecides, ListsNoDirectory},
      {"ReadFile", ReadsAFile, kDiskDecides, ReadsNoFile, kUsed},
      {"WriteFile", WritesAFile, kDiskDecides, WritesNoFile, kUsed},
      {"PipeReader::ReceiveSome", PipeHasData, PipeGetsData,
       ClosedReaderReceives, kUsed},
      {"PipeWriter::SendAll", PipeHasRoom, PipeGetsRoom, ClosedWriterSends,
       kUsed},
      {"StapledStream::ReceiveSome", StapledHasData, StapledGetsData,
       ClosedStapledReceives, kUsed},
      {"StapledStream::SendAll", StapledHasRoom, "PipeWriter::SendAll shows it",
       ClosedStapledSends, kUsed},
      {"StapledStream::SendEof", StapledSendsTheEnd, kNeverWaits,
       ClosedStapledSendsTheEnd},
      {"PipeWriter::SendEof", WriterSendsTheEnd, kNeverWaits,
       ClosedWriterSendsTheEnd},
  };
}

}  // namespace creche::awaitables
