// SPDX-License-Identifier: Apache-2.0

#include "creche/io/read_write_file.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "creche/core/try.h"
#include "creche/io/file.h"

namespace creche {
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

// A new file beside `path`. Where its name is taken, perhaps by what a process
// of the same number had no time to remove, it has another.
Task<absl::StatusOr<File>> OpenBeside(std::string path, unsigned permissions) {
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

Task<absl::Status> ReplaceFile(std::string path, std::string data,
                               unsigned permissions) {
  File file = co_await Try(OpenBeside(path, permissions));
  TemporaryFile temporary(file.path());
  co_await Try(file.Write(data));
  co_await Try(file.Sync());
  co_await Try(file.Close());
  co_await Try(RenameFile(temporary.path(), path));
  temporary.Keep();
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::StatusOr<std::string>> ReadFile(std::string path) {
  constexpr size_t kSmall = 4096;
  constexpr size_t kBlock = 65536;
  File file = co_await Try(File::Open(std::move(path), File::kRead));
  const FileInfo info = co_await Try(file.Info());
  // The size is a hint: files can grow, and those of /proc say 0. (Some of them
  // are to be had in one piece only.)
  std::string data(std::clamp<size_t>(info.size + 1, kSmall, size_t{1} << 30),
                   '\0');
  for (size_t end = 0;;) {
    if (end == data.size()) data.resize(data.size() + std::max(kBlock, end));
    const size_t size =
        co_await Try(file.Read(absl::MakeSpan(data).subspan(end)));
    end += size;
    if (size == 0) {
      data.resize(end);
      co_return data;
    }
  }
}

Task<absl::Status> WriteFile(std::string path, std::string data,
                             WriteFileOptions options) {
  if (options.atomic()) {
    auto replace =
        ReplaceFile(std::move(path), std::move(data), options.permissions());
    co_return co_await std::move(replace);
  }
  auto opening =
      File::Open(std::move(path), File::kWrite, options.permissions());
  File file = co_await Try(std::move(opening));
  co_await Try(file.Write(data));
  co_return co_await file.Close();
}

}  // namespace creche
