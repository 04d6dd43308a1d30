// SPDX-License-Identifier: Apache-2.0

#include "creche/io/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "creche/threads/run_in_thread.h"
#include "lib/io/file_error.h"
#include "lib/io/restarted.h"

namespace creche {

using internal::AfterCheckpoint;
using internal::CheckPath;
using internal::FileError;
using internal::Restarted;

namespace {

// Blocks.
absl::StatusOr<std::vector<std::string>> ReadNames(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()),
                                                      &closedir);
  if (directory == nullptr) return FileError(-errno, "opendir", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return FileError(-errno, "readdir", path);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Task<absl::Status> MakeDirectory(std::string path, unsigned permissions) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_mkdirat(&entry, AT_FDCWD, path.c_str(), permissions);
  };
  int result = co_await Restarted(prepare);
  // io_uring has it since Linux 5.15; the call itself does not wait for long.
  if (result == -EINVAL) {
    result = mkdir(path.c_str(), permissions) == 0 ? 0 : -errno;
  }
  if (result < 0) co_return FileError(result, "mkdir", path);
  co_return absl::OkStatus();
}

Task<absl::Status> RemoveDirectory(std::string path) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_unlinkat(&entry, AT_FDCWD, path.c_str(), AT_REMOVEDIR);
  };
  const int result = co_await Restarted(prepare);
  if (result < 0) co_return FileError(result, "rmdir", path);
  co_return absl::OkStatus();
}

// io_uring cannot do this, so a thread does.
Task<absl::StatusOr<std::vector<std::string>>> ListDirectory(std::string path) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  auto listing = RunInThread(ReadNames, std::move(path));
  co_return co_await std::move(listing);
}

}  // namespace creche
