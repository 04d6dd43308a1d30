// SPDX-License-Identifier: Apache-2.0
//
// File: reading and writing files without blocking the run. For a whole file
// there are ReadFile() and WriteFile() (io/read_write_file.h).
//
//   creche::File file = co_await creche::Try(
//       creche::File::Open("/etc/hostname", creche::File::kRead));
//   char buffer[256];
//   size_t size = co_await creche::Try(file.Read(absl::MakeSpan(buffer)));

#ifndef CRECHE_IO_FILE_H_
#define CRECHE_IO_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/task.h"
#include "creche/uring/file_descriptor.h"

namespace creche {

// What is known about a file.
struct FileInfo {
  std::uint64_t size = 0;  // In bytes.
  std::uint32_t mode = 0;  // As in stat(2): type and permissions.
  absl::Time modified;     // Its contents, on the wall clock.

  // What `mode` says.
  bool is_directory() const;
  bool is_regular() const;
};

// A file can be used by several tasks at a time, at positions of their own.
// Closing or destroying it while they do is safe: they finish.
//
// FIFOs and terminals can be opened like files, too; offsets mean nothing
// there. Where nobody reads any more, writing gives EPIPE and no SIGPIPE.
// (Where a file may not grow, RLIMIT_FSIZE, the kernel sends the process a
// SIGXFSZ: who ignores that gets EFBIG.)
//
// Errors of all functions, and of those below: as errno says, with the
// operation and the path.
class File {
 public:
  // What Open() is for.
  enum Mode {
    kRead,       // It must exist.
    kWrite,      // Made if it does not exist; what it had is gone.
    kAppend,     // Made if it does not exist; writes go to the end.
    kReadWrite,  // Made if it does not exist.
    kCreateNew,  // For writing; it must not exist.
  };

  // Opens a file. `permissions` are those of a new one, less the umask.
  // At a FIFO, to open it for writing waits until somebody reads there, as
  // open(2) does; to open it for reading does not wait, but its first Read()
  // waits until somebody has come to write. Of opens that wait, and of other
  // file operations that wait for a disk, a run has 1,024 at a time; more wait
  // for these (on Linux before 5.15, four for each processor).
  // Cancellation: partial. The file may have been made or emptied. No
  //   descriptor is left.
  // Errors: kInvalidArgument: the path has a NUL in it. kNotFound,
  //   kPermissionDenied, kAlreadyExists, kResourceExhausted (descriptors, or
  //   threads of the kernel, which count as processes of the user: ulimit -u).
  static Task<absl::StatusOr<File>> Open(std::string path, Mode mode,
                                         unsigned permissions = 0666);

  File(File&&) noexcept = default;
  File& operator=(File&&) noexcept = default;

  // Reads at `offset`: 1 byte or more, or 0 at the end of the file.
  // Cancellation: safe.
  Task<absl::StatusOr<size_t>> ReadAt(std::uint64_t offset,
                                      absl::Span<char> buffer);
  // Writes all of `data` at `offset`.
  // Cancellation: partial. An unknown prefix was written.
  Task<absl::Status> WriteAt(std::uint64_t offset, absl::string_view data);

  // The same at the position where the last Read() or Write() has ended. One
  // task at a time.
  // Cancellation: same as ReadAt() and WriteAt(). The position stays.
  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer);
  Task<absl::Status> Write(absl::string_view data);

  // Read(), under the name that streams have for it: so a BufferedReader reads
  // lines from a file (io/buffered_reader.h).
  // Cancellation: safe. The position stays.
  CRECHE_CORO_WRAPPER Task<absl::StatusOr<size_t>> ReceiveSome(
      absl::Span<char> buffer) {
    return Read(buffer);
  }

  // Waits until what was written would survive a power failure.
  // Cancellation: partial. It may have happened.
  Task<absl::Status> Sync();

  // What is known about it now.
  // Cancellation: safe.
  Task<absl::StatusOr<FileInfo>> Info();

  // Cuts the file, or fills it with zeros, to `size` bytes.
  // Cancellation: partial. It may have happened.
  Task<absl::Status> Truncate(std::uint64_t size);

  // Reports what could not be written; the destructor closes without a word.
  // Cancellation: safe. The file is closed in any case.
  Task<absl::Status> Close();

  // As it was opened; empty if moved from.
  const std::string& path() const { return path_; }
  // -1 if closed.
  int fd() const { return open_ != nullptr ? open_->fd.get() : -1; }

 private:
  // Shared with the operations under way, so that the number is not another
  // file's before the kernel has seen them all.
  struct OpenFile {
    FileDescriptor fd;
    std::string path;
    bool is_stream = false;      // It has no position: a FIFO, or a terminal.
    bool awaits_writer = false;  // A stream that was not read yet.
    bool appends = false;
    bool blocks = false;  // Reading it in place would stop the run.
    std::uint64_t position = 0;
  };

  explicit File(std::shared_ptr<OpenFile> open)
      : open_(std::move(open)), path_(open_->path) {}

  std::shared_ptr<OpenFile> open_;
  std::string path_;
};

// Gives a file or directory another name. A file that has that name is
// replaced.
// Cancellation: partial. It may have happened.
Task<absl::Status> RenameFile(std::string from, std::string to);

// Removes a name; the file goes with the last of its names, when nobody has it
// open.
// Cancellation: partial. It may have happened.
Task<absl::Status> RemoveFile(std::string path);

// What is known about a file or directory.
// Cancellation: safe.
Task<absl::StatusOr<FileInfo>> GetFileInfo(std::string path);

}  // namespace creche

#endif  // CRECHE_IO_FILE_H_
