// SPDX-License-Identifier: Apache-2.0

#include "lib/io/copy_contents.h"

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/io/file_error.h"

namespace creche::internal {
namespace {

// Between two of these it looks whether it is to stop.
constexpr std::size_t kPiece = std::size_t{4} << 20;
constexpr std::size_t kBlock = std::size_t{256} << 10;

// Copies until the end, or until the kernel cannot, whatever the reason: so it
// is with files of different file systems (EXDEV), with file systems that do
// not know how (EOPNOTSUPP), with those of /proc (EINVAL, or nothing at all),
// and where a filter of system calls forbids it (ENOSYS, EPERM). What is wrong
// with the files themselves, whoever reads and writes on finds out, too, and on
// which side. Returns where that was.
std::uint64_t CopyInKernel(const std::stop_token& stop, int from, int to) {
  std::uint64_t copied = 0;
  while (!stop.stop_requested()) {
    auto from_offset = static_cast<off64_t>(copied);
    auto to_offset = from_offset;
    const ssize_t size =
        copy_file_range(from, &from_offset, to, &to_offset, kPiece, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return copied;
    copied += static_cast<std::uint64_t>(size);
  }
  return copied;
}

absl::Status WriteAllAt(const NamedDescriptor& to, std::uint64_t offset,
                        absl::string_view data) {
  while (!data.empty()) {
    const ssize_t size =
        pwrite(to.fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FileError(-errno, "write", to.path);
    data.remove_prefix(static_cast<std::size_t>(size));
    offset += static_cast<std::uint64_t>(size);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::uint64_t> CopyContents(const std::stop_token& stop,
                                           const NamedDescriptor& from,
                                           const NamedDescriptor& to) {
  std::uint64_t copied = CopyInKernel(stop, from.fd, to.fd);
  // Only a read tells the end from what the kernel could not copy.
  const auto block = std::make_unique<char[]>(kBlock);
  while (!stop.stop_requested()) {
    const ssize_t size =
        pread(from.fd, block.get(), kBlock, static_cast<off_t>(copied));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FileError(-errno, "read", from.path);
    if (size == 0) break;
    const absl::string_view data(block.get(), static_cast<std::size_t>(size));
    absl::Status written = WriteAllAt(to, copied, data);
    if (!written.ok()) return written;
    copied += data.size();
  }
  return copied;
}

}  // namespace creche::internal
