// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of files and directories.

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
#include "creche/io/copy_file.h"
#include "creche/io/directory.h"
#include "creche/io/file.h"
#include "creche/io/read_write_file.h"
#include "gtest/gtest.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"
#include "tests/support/path_of.h"

namespace creche::awaitables {
namespace {

constexpr const char* kDiskDecides = "how long it takes is up to the disk";

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

Task<absl::Status> CopiesAFile() {
  co_await Try(WriteFile(APath(), "data"));
  co_return co_await AtOnce(CopyFile(APath(), PathOf("copy")));
}

Task<absl::Status> CopiesNoFile() {
  co_return co_await Refused(CopyFile(NoPath(), APath()), absl::IsNotFound);
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
      {"CopyFile", CopiesAFile, kDiskDecides, CopiesNoFile, kUsed},
      {"ReadFile", ReadsAFile, kDiskDecides, ReadsNoFile, kUsed},
      {"WriteFile", WritesAFile, kDiskDecides, WritesNoFile, kUsed},
  };
}

}  // namespace creche::awaitables
