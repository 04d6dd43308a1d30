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

std::string NameBeside(const std::string& path) {
  static std::atomic<unsigned> count = 0;
  return absl::StrCat(path, ".", getpid(), ".", ++count, ".tmp");
}

Task<absl::Status> ReplaceFile(std::string path, std::string data,
                               unsigned permissions) {
  auto opening = File::Open(NameBeside(path), File::kCreateNew, permissions);
  File file = co_await Try(std::move(opening));
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
  constexpr size_t kBlock = 65536;
  File file = co_await Try(File::Open(std::move(path), File::kRead));
  const FileInfo info = co_await Try(file.Info());
  // The size is a hint: files can grow, and those of /proc say 0.
  std::string data(std::min<size_t>(info.size, size_t{1} << 30) + 1, '\0');
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
