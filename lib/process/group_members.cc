// SPDX-License-Identifier: Apache-2.0

#include "lib/process/group_members.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/net/wait_readable.h"
#include "creche/threads/run_in_thread.h"
#include "creche/uring/file_descriptor.h"
#include "lib/process/pidfd.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

using Members = absl::StatusOr<std::vector<FileDescriptor>>;

// So many are waited for at a time, lest their descriptors be too many.
constexpr size_t kAtATime = 16;

// What /proc/PID/stat says: "PID (NAME) STATE PARENT GROUP ...", where the name
// may have blanks and parentheses of its own.
bool IsAliveIn(pid_t pid, pid_t group) {
  const FileDescriptor file(
      open(absl::StrCat("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size =
      file.is_open() ? read(file.get(), text, sizeof(text)) : 0;
  if (size <= 0) return false;
  const absl::string_view stat(text, static_cast<size_t>(size));
  const size_t name_end = stat.rfind(')');
  if (name_end == absl::string_view::npos) return false;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(stat.substr(name_end + 1), ' ', absl::SkipEmpty());
  int its_group = 0;
  return fields.size() > 2 && fields[0] != "Z" && fields[0] != "X" &&
         absl::SimpleAtoi(fields[2], &its_group) && its_group == group;
}

// pidfds of those that are alive. Blocks.
Members FindMembers(pid_t group) {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(opendir("/proc"),
                                                      &closedir);
  if (processes == nullptr) return SystemError(errno, "opendir /proc");
  std::vector<FileDescriptor> members;
  while (const dirent* entry = readdir(processes.get())) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry->d_name, &pid) || !IsAliveIn(pid, group)) {
      continue;
    }
    FileDescriptor pidfd = OpenPidfd(pid);
    if (!pidfd.is_open() && errno == ESRCH) continue;
    if (!pidfd.is_open()) return SystemError(errno, "pidfd_open");
    // The number may have become another process's.
    if (IsAliveIn(pid, group)) members.push_back(std::move(pidfd));
    if (members.size() == kAtATime) break;
  }
  return members;
}

}  // namespace

Task<absl::Status> WaitForGroup(pid_t group) {
  for (;;) {
    auto find = RunInThread(FindMembers, group);
    const std::vector<FileDescriptor> members = co_await Try(std::move(find));
    if (members.empty()) co_return absl::OkStatus();
    for (const FileDescriptor& member : members) {
      co_await Try(WaitReadable(member.get()));
    }
  }
}

}  // namespace creche::internal
