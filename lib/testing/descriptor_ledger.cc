// SPDX-License-Identifier: Apache-2.0

#include "lib/testing/descriptor_ledger.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "creche/core/internal/misuse.h"

namespace creche::internal {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

std::vector<std::string> DescriptorLedger::AfterRun() {
  Descriptors after = Open();
  for (int i = 0; i < 100 && !LeftOpen(after).empty(); ++i) {
    pause_();
    after = Open();
  }
  std::vector<std::string> problems = LeftOpen(after);
  for (std::string& closed : Closed(after)) {
    problems.push_back(std::move(closed));
  }
  previous_ = std::move(after);
  return problems;
}

std::vector<std::string> DescriptorLedger::LeftOpen(
    const Descriptors& after) const {
  std::vector<std::string> problems;
  for (const auto& [descriptor, what] : after) {
    const auto known = before_.find(descriptor);
    if (known != before_.end() && known->second == what) continue;
    problems.push_back(absl::StrCat("file descriptor ", descriptor, " (", what,
                                    ") was left open"));
  }
  return problems;
}

std::vector<std::string> DescriptorLedger::Closed(
    const Descriptors& after) const {
  std::vector<std::string> problems;
  for (const auto& [descriptor, what] : before_) {
    if (!previous_.contains(descriptor) || after.contains(descriptor)) continue;
    problems.push_back(absl::StrCat("file descriptor ", descriptor, " (", what,
                                    "), which is older than the run, was "
                                    "closed"));
  }
  return problems;
}

void DescriptorLedger::SleepForAMillisecond() {
  absl::SleepFor(absl::Milliseconds(1));
}

DescriptorLedger::Descriptors DescriptorLedger::Open() {
  const std::unique_ptr<DIR, CloseDirectory> directory(
      opendir("/proc/self/fd"));
  if (directory == nullptr) {
    Misuse("the testing kit cannot read /proc/self/fd");
  }
  const int own = dirfd(directory.get());
  Descriptors open;
  while (const dirent* entry = readdir(directory.get())) {
    int descriptor = 0;
    if (!absl::SimpleAtoi(entry->d_name, &descriptor)) continue;
    if (descriptor == own) continue;
    char target[PATH_MAX];
    const ssize_t length =
        readlinkat(own, entry->d_name, target, sizeof(target));
    // Another thread may have closed it meanwhile.
    if (length < 0) continue;
    open.emplace(descriptor, std::string(target, static_cast<size_t>(length)));
  }
  return open;
}

}  // namespace creche::internal
