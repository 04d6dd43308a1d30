// SPDX-License-Identifier: Apache-2.0

#include "creche/io/copy_file.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "creche/threads/run_in_thread.h"
#include "lib/io/copy_contents.h"
#include "lib/io/file_error.h"
#include "lib/io/restarted.h"

namespace creche {

using internal::AfterCheckpoint;
using internal::CheckPath;
using internal::CopyContents;
using internal::FileError;
using internal::NamedDescriptor;
using internal::Restarted;

namespace {

constexpr unsigned kPermissions = S_IRWXU | S_IRWXG | S_IRWXO;
constexpr std::size_t kBlock = std::size_t{64} << 10;

// Of a path, or with an empty one of a descriptor. Unset: there is nothing.
Task<absl::StatusOr<std::optional<struct statx>>> Look(int fd, std::string path,
                                                       std::string name) {
  struct statx found = {};
  const int flags = path.empty() ? AT_EMPTY_PATH : 0;
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_statx(&entry, fd, path.c_str(), flags,
                        STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE,
                        &found);
  };
  const int result = co_await Restarted(prepare);
  if (result == -ENOENT) co_return std::nullopt;
  if (result < 0) co_return FileError(result, "stat", name);
  co_return found;
}

bool IsSameFile(const struct statx& a, const struct statx& b) {
  return a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major &&
         a.stx_dev_minor == b.stx_dev_minor;
}

// Whether what is at `to`, or may be made there, may be overwritten with
// `source`.
absl::Status CheckFiles(const std::string& from, const struct statx& source,
                        const std::string& to,
                        const std::optional<struct statx>& target) {
  if (S_ISDIR(source.stx_mode)) return FileError(-EISDIR, "read", from);
  if (!target.has_value()) return absl::OkStatus();
  if (S_ISDIR(target->stx_mode)) return FileError(-EISDIR, "write", to);
  if (IsSameFile(source, *target)) {
    return absl::InvalidArgumentError("they are the same file");
  }
  return absl::OkStatus();
}

// A thread cannot be called back from a file that makes it wait; regular files
// do not, but for some of /proc, whose size is 0.
bool IsWorthAThread(const struct statx& source,
                    const std::optional<struct statx>& target) {
  const bool are_regular = S_ISREG(source.stx_mode) &&
                           (!target.has_value() || S_ISREG(target->stx_mode));
  return are_regular && source.stx_size > kBlock;
}

// For what is small, and for what may have to be waited for, on either side.
Task<absl::StatusOr<std::uint64_t>> CopyByBlocks(File& from, File& to) {
  std::vector<char> block(kBlock);
  std::uint64_t copied = 0;
  for (;;) {
    const std::size_t size = co_await Try(from.Read(absl::MakeSpan(block)));
    if (size == 0) co_return copied;
    co_await Try(to.Write(absl::string_view(block.data(), size)));
    copied += size;
  }
}

Task<absl::StatusOr<std::uint64_t>> CopyOnThread(const File& from,
                                                 const File& to) {
  auto copying = RunInThread(
      ThreadOptions().set_name("copy_file"),
      [](std::stop_token stop, const NamedDescriptor& source,
         const NamedDescriptor& target) {
        return CopyContents(stop, source, target);
      },
      NamedDescriptor{from.fd(), from.path()},
      NamedDescriptor{to.fd(), to.path()});
  co_return co_await std::move(copying);
}

Task<absl::StatusOr<std::uint64_t>> Copy(std::string from, std::string to) {
  File source = co_await Try(File::Open(from, File::kRead));
  auto look_at_source = Look(source.fd(), "", from);
  const auto source_info = co_await Try(std::move(look_at_source));
  auto look_at_target = Look(AT_FDCWD, to, to);
  const auto target_info = co_await Try(std::move(look_at_target));
  co_await Try(CheckFiles(from, *source_info, to, target_info));
  auto open_target =
      File::Open(to, File::kWrite, source_info->stx_mode & kPermissions);
  File target = co_await Try(std::move(open_target));
  auto copying = IsWorthAThread(*source_info, target_info)
                     ? CopyOnThread(source, target)
                     : CopyByBlocks(source, target);
  const std::uint64_t copied = co_await Try(std::move(copying));
  // A network's file system may tell only now that there was no room.
  co_await Try(target.Close());
  co_return copied;
}

// The same error, with both files.
absl::Status CopyError(const absl::Status& error, const std::string& from,
                       const std::string& to) {
  absl::Status whole(error.code(), absl::StrCat("copy ", from, " to ", to, ": ",
                                                error.message()));
  error.ForEachPayload([&](absl::string_view url, const auto& payload) {
    whole.SetPayload(url, payload);
  });
  return whole;
}

}  // namespace

Task<absl::StatusOr<std::uint64_t>> CopyFile(std::string from, std::string to) {
  co_await Try(AfterCheckpoint(CheckPath(from)));
  co_await Try(CheckPath(to));
  auto copying = Copy(from, to);
  absl::StatusOr<std::uint64_t> copied = co_await std::move(copying);
  if (!copied.ok()) co_return CopyError(copied.status(), from, to);
  co_return copied;
}

}  // namespace creche
