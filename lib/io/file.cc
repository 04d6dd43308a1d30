// SPDX-License-Identifier: Apache-2.0

#include "creche/io/file.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/errors.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "lib/io/blocks_in_place.h"
#include "lib/io/file_error.h"
#include "lib/io/restarted.h"
#include "lib/io/stream_file.h"
#include "lib/uring/part_size.h"

namespace creche {

using internal::AfterCheckpoint;
using internal::BlocksInPlace;
using internal::BudgetedCheckpoint;
using internal::CheckPath;
using internal::FileError;
using internal::PartSize;
using internal::Restarted;

namespace {

// As an offset, for a file that was opened to append to.
constexpr std::uint64_t kAtEnd = ~std::uint64_t{0};

// Beyond, the kernel takes offsets for negative, and the last one for "wherever
// the file stands".
constexpr std::uint64_t kLargestOffset =
    std::numeric_limits<std::int64_t>::max();

int OpenFlags(File::Mode mode) {
  switch (mode) {
    case File::kRead:
      return O_RDONLY | O_NONBLOCK;  // At a FIFO, Read() waits.
    case File::kWrite:
      return O_WRONLY | O_CREAT | O_TRUNC;
    case File::kAppend:
      return O_WRONLY | O_CREAT | O_APPEND;
    case File::kReadWrite:
      return O_RDWR | O_CREAT;
    case File::kCreateNew:
      return O_WRONLY | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

absl::Status ClosedError(absl::string_view operation, const std::string& path) {
  return ClosedResourceError(
      absl::StrCat(operation, " ", path, ": the file is closed"));
}

// Of a path, or with an empty one of a descriptor.
Task<absl::StatusOr<FileInfo>> Stat(int fd, std::string path, int flags,
                                    std::string name) {
  struct statx found = {};
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_statx(&entry, fd, path.c_str(), flags, STATX_BASIC_STATS,
                        &found);
  };
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "stat", name);
  FileInfo info;
  info.size = found.stx_size;
  info.mode = found.stx_mode;
  info.modified = absl::FromUnixSeconds(found.stx_mtime.tv_sec) +
                  absl::Nanoseconds(found.stx_mtime.tv_nsec);
  co_return info;
}

}  // namespace

bool FileInfo::is_directory() const { return S_ISDIR(mode); }
bool FileInfo::is_regular() const { return S_ISREG(mode); }

Task<absl::StatusOr<File>> File::Open(std::string path, Mode mode,
                                      unsigned permissions) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_openat(&entry, AT_FDCWD, path.c_str(),
                         OpenFlags(mode) | O_CLOEXEC, permissions);
  };
  // A descriptor that came after a cancellation is delivered like any result,
  // so it has an owner.
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "open", path);
  auto open = std::make_shared<OpenFile>();
  open->fd = FileDescriptor(result);
  open->path = std::move(path);
  open->is_stream = internal::BecomeStreamFile(result);
  open->awaits_writer = mode == kRead && open->is_stream;
  if (mode == kRead && !open->is_stream) internal::BecomeBlocking(result);
  open->appends = mode == kAppend;
  open->blocks = BlocksInPlace(result);
  co_return File(std::move(open));
}

Task<absl::StatusOr<size_t>> File::ReadAt(std::uint64_t offset,
                                          absl::Span<char> buffer) {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("read", path_));
  }
  if (buffer.empty()) {
    co_return co_await AfterCheckpoint(absl::InvalidArgumentError(
        absl::StrCat("read ", open->path, ": the buffer is empty")));
  }
  if (offset > kLargestOffset) {
    co_return co_await AfterCheckpoint(FileError(-EINVAL, "read", open->path));
  }
  if (open->is_stream) {
    if (open->awaits_writer) {
      auto writer = internal::WaitForWriter(open->fd.get(), open->path);
      co_await Try(std::move(writer));
      open->awaits_writer = false;
    }
    auto read = internal::ReadStreamFile(open->fd.get(), open->path, buffer);
    co_return co_await std::move(read);
  }
  const unsigned size = PartSize(buffer.size());
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_read(&entry, open->fd.get(), buffer.data(), size, offset);
    if (open->blocks) entry.flags |= IOSQE_ASYNC;
  };
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "read", open->path);
  co_return static_cast<size_t>(result);
}

Task<absl::Status> File::WriteAt(std::uint64_t offset, absl::string_view data) {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("write", path_));
  }
  if (offset > kLargestOffset && !open->appends) {
    co_return co_await AfterCheckpoint(FileError(-EINVAL, "write", open->path));
  }
  if (data.empty()) co_return co_await AfterCheckpoint(absl::OkStatus());
  if (open->is_stream) {
    auto write = internal::WriteStreamFile(open->fd.get(), open->path, data);
    co_return co_await std::move(write);
  }
  while (!data.empty()) {
    const unsigned size = PartSize(data.size());
    auto prepare = [&](io_uring_sqe& entry) {
      io_uring_prep_write(&entry, open->fd.get(), data.data(), size, offset);
      if (open->blocks) entry.flags |= IOSQE_ASYNC;
    };
    const int result = co_await Restarted(prepare);
    if (result < 0) co_return FileError(result, "write", open->path);
    data.remove_prefix(static_cast<size_t>(result));
    if (offset != kAtEnd) offset += static_cast<unsigned>(result);
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<size_t>> File::Read(absl::Span<char> buffer) {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("read", path_));
  }
  auto read = ReadAt(open->position, buffer);
  absl::StatusOr<size_t> size = co_await std::move(read);
  if (size.ok()) open->position += *size;
  co_return size;
}

Task<absl::Status> File::Write(absl::string_view data) {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("write", path_));
  }
  auto write = WriteAt(open->appends ? kAtEnd : open->position, data);
  absl::Status status = co_await std::move(write);
  if (status.ok()) open->position += data.size();
  co_return status;
}

Task<absl::Status> File::Sync() {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("fsync", path_));
  }
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_fsync(&entry, open->fd.get(), 0);
  };
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "fsync", open->path);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<FileInfo>> File::Info() {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("stat", path_));
  }
  auto stat = Stat(open->fd.get(), "", AT_EMPTY_PATH, open->path);
  co_return co_await std::move(stat);
}

// io_uring has it since Linux 6.9 only, and it is quick.
Task<absl::Status> File::Truncate(std::uint64_t size) {
  const std::shared_ptr<OpenFile> open = open_;
  if (open == nullptr) {
    co_return co_await AfterCheckpoint(ClosedError("truncate", path_));
  }
  co_await BudgetedCheckpoint();
  if (ftruncate(open->fd.get(), static_cast<off_t>(size)) != 0) {
    co_return FileError(-errno, "truncate", open->path);
  }
  co_return absl::OkStatus();
}

Task<absl::Status> File::Close() {
  std::shared_ptr<OpenFile> open = std::move(open_);
  open_ = nullptr;
  // A task that is unwound here closes the file without a word.
  co_await BudgetedCheckpoint();
  // While others use it, the last of them closes it.
  if (open == nullptr || open.use_count() > 1) co_return absl::OkStatus();
  const int result = close(open->fd.Release()) == 0 ? 0 : -errno;
  if (result < 0) co_return FileError(result, "close", open->path);
  co_return absl::OkStatus();
}

Task<absl::Status> RenameFile(std::string from, std::string to) {
  co_await Try(AfterCheckpoint(CheckPath(from)));
  co_await Try(CheckPath(to));
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_renameat(&entry, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                           0);
  };
  const int result = co_await Restarted(prepare);
  if (result >= 0) co_return absl::OkStatus();
  co_return FileError(result, "rename", absl::StrCat(from, " to ", to));
}

Task<absl::Status> RemoveFile(std::string path) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_unlinkat(&entry, AT_FDCWD, path.c_str(), 0);
  };
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "unlink", path);
  co_return absl::OkStatus();
}

Task<absl::StatusOr<FileInfo>> GetFileInfo(std::string path) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  auto stat = Stat(AT_FDCWD, path, 0, path);
  co_return co_await std::move(stat);
}

}  // namespace creche
