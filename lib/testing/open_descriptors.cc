// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/open_descriptors.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "creche/core/internal/misuse.h"

namespace creche::internal {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

std::map<int, std::string> OpenDescriptors() {
  const std::unique_ptr<DIR, CloseDirectory> directory(
      opendir("/proc/self/fd"));
  if (directory == nullptr) {
    Misuse("the testing kit cannot read /proc/self/fd");
  }
  const int own = dirfd(directory.get());
  std::map<int, std::string> open;
  while (const dirent* entry = readdir(directory.get())) {
    int descriptor = 0;
    if (!absl::SimpleAtoi(entry->d_name, &descriptor)) continue;
    if (descriptor == own) continue;
    char target[PATH_MAX];
    const ssize_t length =
        readlinkat(own, entry->d_name, target, sizeof(target));
    open.emplace(descriptor,
                 std::string(target, length > 0 ? static_cast<size_t>(length)
                                                : size_t{0}));
  }
  return open;
}

}  // namespace creche::internal
