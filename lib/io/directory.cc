// SPDX-License-Identifier: Apache-2.0

#include "creche/io/directory.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "lib/io/file_error.h"
#include "lib/io/restarted.h"

namespace creche {

using internal::AfterCheckpoint;
using internal::CheckPath;
using internal::FileError;
using internal::Restarted;

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

}  // namespace creche
