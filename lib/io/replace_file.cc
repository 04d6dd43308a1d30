// SPDX-License-Identifier: Apache-2.0

#include "lib/io/replace_file.h"

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "lib/io/file_error.h"
#include "lib/io/restarted.h"

namespace creche::internal {
namespace {

// Removes a file unless it is told not to.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!is_kept_) unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }
  void Keep() { is_kept_ = true; }

 private:
  const std::string path_;
  bool is_kept_ = false;
};

// The file that opening `path` for writing would open or make: symbolic links
// are followed, also one to a file that does not exist. (io_uring cannot read
// links; the call itself does not wait for long.)
absl::StatusOr<std::string> FollowLinks(std::string path) {
  constexpr int kMaxLinks = 40;  // As in the kernel.
  for (int links = 0; links <= kMaxLinks; ++links) {
    char target[PATH_MAX];
    const ssize_t size = readlink(path.c_str(), target, sizeof(target));
    if (size < 0) return path;  // No link. What is wrong, opening will tell.
    const absl::string_view link(target, static_cast<size_t>(size));
    // A relative link counts from the directory that it is in.
    const size_t folder_size =
        link.front() == '/' ? 0 : path.rfind('/') + 1;  // npos + 1 is 0.
    path.resize(folder_size);
    absl::StrAppend(&path, link);
  }
  return FileError(-ELOOP, "open", path);
}

// What is at `path` now; its mode is 0 if there is nothing.
Task<absl::StatusOr<struct statx>> StatToReplace(const std::string& path) {
  struct statx found = {};
  auto prepare = [&](io_uring_sqe& entry) {
    io_uring_prep_statx(&entry, AT_FDCWD, path.c_str(), 0, STATX_BASIC_STATS,
                        &found);
  };
  const int result = co_await Restarted(prepare);
  if (result == -ENOENT) co_return found;
  if (result < 0) co_return FileError(result, "stat", path);
  if (!S_ISREG(found.stx_mode)) {
    co_return absl::FailedPreconditionError(absl::StrCat(
        "replace ", path, ": it is no regular file, so write it in place"));
  }
  co_return found;
}

// A new file beside `path`. Where its name is taken, perhaps by what a process
// of the same number had no time to remove, it has another.
Task<absl::StatusOr<File>> OpenBeside(const std::string& path,
                                      unsigned permissions) {
  constexpr int kMaxAttempts = 1000;
  static std::atomic<unsigned> count = 0;
  for (int attempt = 1;; ++attempt) {
    std::string name = absl::StrCat(path, ".", getpid(), ".", ++count, ".tmp");
    auto opening = File::Open(std::move(name), File::kCreateNew, permissions);
    absl::StatusOr<File> file = co_await std::move(opening);
    if (!absl::IsAlreadyExists(file.status()) || attempt == kMaxAttempts) {
      co_return file;
    }
  }
}

// Gives `file` the owner, the group and the permissions of `old`. If the
// process may not give it away, the rights of that owner or group are not given
// to another one either.
absl::Status Inherit(const File& file, const struct statx& old) {
  unsigned mode = old.stx_mode & 07777U;
  constexpr uid_t kSameOwner = -1;
  constexpr gid_t kSameGroup = -1;
  if (fchown(file.fd(), kSameOwner, old.stx_gid) != 0) {
    const unsigned others = mode & S_IRWXO;
    mode = (mode & ~(S_ISGID | S_IRWXG)) | (others << 3U);
  }
  if (fchown(file.fd(), old.stx_uid, kSameGroup) != 0) mode &= ~S_ISUID;
  if (fchmod(file.fd(), mode) == 0) return absl::OkStatus();
  return FileError(-errno, "chmod", file.path());
}

}  // namespace

Task<absl::Status> ReplaceFile(std::string path, std::string data,
                               unsigned permissions) {
  co_await Try(AfterCheckpoint(CheckPath(path)));
  const std::string target = co_await Try(FollowLinks(std::move(path)));
  const struct statx old = co_await Try(StatToReplace(target));
  const bool replaces = old.stx_mode != 0;
  // Nobody else may read what one that is replaced will not let them read.
  constexpr unsigned kPrivate = 0600;
  File file =
      co_await Try(OpenBeside(target, replaces ? kPrivate : permissions));
  TemporaryFile temporary(file.path());
  co_await Try(file.Write(data));
  // A write may take the set-user-id bit away, so this comes after it.
  if (replaces) co_await Try(Inherit(file, old));
  co_await Try(file.Sync());
  co_await Try(file.Close());
  co_await Try(RenameFile(temporary.path(), target));
  temporary.Keep();
  co_return absl::OkStatus();
}

}  // namespace creche::internal
