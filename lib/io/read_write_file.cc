// SPDX-License-Identifier: Apache-2.0

#include "creche/io/read_write_file.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "creche/core/try.h"
#include "creche/io/file.h"
#include "lib/io/replace_file.h"

namespace creche {
namespace {

absl::Status TooLarge(const File& file, size_t max_size) {
  return absl::ResourceExhaustedError(
      absl::StrCat("read ", file.path(), ": it has more than ", max_size,
                   " bytes; ReadFileOptions::set_max_size() allows more"));
}

}  // namespace

Task<absl::StatusOr<std::string>> ReadFile(std::string path,
                                           ReadFileOptions options) {
  constexpr size_t kSmall = 4096;
  constexpr size_t kBlock = 65536;
  File file = co_await Try(File::Open(std::move(path), File::kRead));
  const FileInfo info = co_await Try(file.Info());
  const size_t max_size = options.max_size();
  if (info.size > max_size) co_return TooLarge(file, max_size);
  // One byte more than is allowed, to see whether there are more.
  const size_t max_room =
      std::min(max_size, std::numeric_limits<size_t>::max() - 1) + 1;
  // The size is a hint: files can grow, and those of /proc say 0. (Some of them
  // are to be had in one piece only.)
  std::string data(
      std::min(std::clamp<size_t>(info.size + 1, kSmall, size_t{1} << 30),
               max_room),
      '\0');
  for (size_t end = 0;;) {
    if (end == data.size()) {
      data.resize(std::min(end + std::max(kBlock, end), max_room));
    }
    const size_t size =
        co_await Try(file.Read(absl::MakeSpan(data).subspan(end)));
    end += size;
    if (end > max_size) co_return TooLarge(file, max_size);
    if (size == 0) {
      data.resize(end);
      co_return data;
    }
  }
}

Task<absl::Status> WriteFile(std::string path, std::string data,
                             WriteFileOptions options) {
  if (options.atomic()) {
    auto replace = internal::ReplaceFile(std::move(path), std::move(data),
                                         options.permissions());
    co_return co_await std::move(replace);
  }
  auto opening =
      File::Open(std::move(path), File::kWrite, options.permissions());
  File file = co_await Try(std::move(opening));
  co_await Try(file.Write(data));
  co_return co_await file.Close();
}

}  // namespace creche
