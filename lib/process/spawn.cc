// SPDX-License-Identifier: Apache-2.0

#include "lib/process/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/process/command.h"
#include "lib/process/pidfd.h"
#include "lib/uring/system_error.h"

namespace creche::internal {
namespace {

// What the kernel takes as one argument or variable, with its NUL
// (MAX_ARG_STRLEN).
constexpr size_t kMaxString = size_t{32} * 4096;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

  const posix_spawn_file_actions_t* get() const { return &actions_; }

  // In the order of the calls. They fail only for lack of memory.
  void Duplicate(int from, int to) {
    posix_spawn_file_actions_adddup2(&actions_, from, to);
  }
  void ChangeDirectory(int directory) {
    posix_spawn_file_actions_addfchdir_np(&actions_, directory);
  }
  void CloseFrom(int first) {
    posix_spawn_file_actions_addclosefrom_np(&actions_, first);
  }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  explicit Attributes(bool new_group) {
    posix_spawnattr_init(&attributes_);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (new_group) flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(&attributes_, flags);
    // This thread has all blocked.
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    // Pipes of this process ignore it; programs rely on it.
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

bool HasNul(absl::string_view text) {
  return text.find('\0') != absl::string_view::npos;
}

std::vector<std::string> Arguments(const Command& command) {
  std::vector<std::string> arguments = {command.program()};
  arguments.insert(arguments.end(), command.arguments().begin(),
                   command.arguments().end());
  return arguments;
}

// "NAME=value". The last value for a name counts.
std::vector<std::string> Environment(const Command& command) {
  std::vector<std::string> variables;
  std::set<std::string> names;
  const auto& added = command.environment();
  for (auto variable = added.rbegin(); variable != added.rend(); ++variable) {
    if (!names.insert(variable->first).second) continue;
    variables.push_back(absl::StrCat(variable->first, "=", variable->second));
  }
  if (!command.inherits_environment()) return variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (names.count(text.substr(0, text.find('='))) == 0) {
      variables.push_back(text);
    }
  }
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Which of them the kernel does not take.
std::string TooLarge(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& environment) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].size() >= kMaxString) {
      return absl::StrCat("argument ", i, " has ", arguments[i].size(),
                          " bytes, and may have ", kMaxString - 1);
    }
  }
  size_t size = 0;
  for (const std::string& variable : environment) {
    if (variable.size() >= kMaxString) {
      return absl::StrCat(
          "the variable ", variable.substr(0, variable.find('=')), " has ",
          variable.size(), " bytes, and may have ", kMaxString - 1);
    }
    size += variable.size() + 1;
  }
  for (const std::string& argument : arguments) size += argument.size() + 1;
  return absl::StrCat("arguments and environment have ", size,
                      " bytes, and may have a quarter of the stack's limit "
                      "(ulimit -s)");
}

// Of posix_spawnp().
absl::Status SpawnError(int error, const Command& command,
                        const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment) {
  std::string what = absl::StrCat("start ", command.ToString());
  switch (error) {
    case E2BIG:
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": ", TooLarge(arguments, environment)));
    case EAGAIN:
    case ENOMEM:
      return absl::ResourceExhaustedError(
          absl::StrCat(what,
                       ": there is no process to be had (ulimit -u, or "
                       "the limit of a control group)"));
    case ENOENT:
      absl::StrAppend(&what, absl::StrContains(command.program(), '/')
                                 ? " (or the interpreter that it names)"
                                 : " (in none of the directories of PATH)");
      break;
    case ENOEXEC:
      absl::StrAppend(&what, " (a script begins with a line #!)");
      break;
    default:
      break;
  }
  return SystemError(error, what);
}

void Reap(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

absl::Status CheckCommand(const Command& command) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("start ", command.ToString(), ": ", why));
  };
  if (command.program().empty()) return refuse("it has no name");
  if (HasNul(command.program())) return refuse("its name has a NUL");
  for (size_t i = 0; i < command.arguments().size(); ++i) {
    if (HasNul(command.arguments()[i])) {
      return refuse(absl::StrCat("argument ", i + 1, " has a NUL"));
    }
  }
  for (const auto& [name, value] : command.environment()) {
    if (name.empty() || HasNul(name) || absl::StrContains(name, '=')) {
      return refuse(absl::StrCat("a variable cannot be called \"",
                                 name.substr(0, 100), "\""));
    }
    if (HasNul(value)) {
      return refuse(absl::StrCat("the variable ", name, " has a NUL"));
    }
  }
  if (HasNul(command.directory())) return refuse("the directory has a NUL");
  return absl::OkStatus();
}

absl::StatusOr<SpawnedProcess> Spawn(const Command& command,
                                     const ChildStreams& streams) {
  const std::string what = absl::StrCat("start ", command.ToString());
  // An empty input; and a place for the pidfd: with too few descriptors,
  // nothing is started.
  FileDescriptor nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing.is_open()) {
    return SystemError(errno, absl::StrCat(what, ": open /dev/null"));
  }
  FileActions actions;
  FileDescriptor directory;
  if (!command.directory().empty()) {
    directory = FileDescriptor(
        open(command.directory().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) {
      return SystemError(
          errno, absl::StrCat(what, ": its directory ", command.directory()));
    }
    actions.ChangeDirectory(directory.get());
  }
  actions.Duplicate(
      streams.input.is_open() ? streams.input.get() : nothing.get(),
      STDIN_FILENO);
  if (streams.output.is_open()) {
    actions.Duplicate(streams.output.get(), STDOUT_FILENO);
  }
  if (streams.error.is_open()) {
    actions.Duplicate(streams.error.get(), STDERR_FILENO);
  } else if (command.merges_error()) {
    actions.Duplicate(STDOUT_FILENO, STDERR_FILENO);
  }
  actions.CloseFrom(STDERR_FILENO + 1);

  std::vector<std::string> arguments = Arguments(command);
  std::vector<std::string> environment = Environment(command);
  const Attributes attributes(command.new_group());
  SpawnedProcess spawned;
  if (const int error =
          posix_spawnp(&spawned.pid, command.program().c_str(), actions.get(),
                       attributes.get(), Pointers(arguments).data(),
                       Pointers(environment).data());
      error != 0) {
    return SpawnError(error, command, arguments, environment);
  }
  nothing = FileDescriptor();
  // Nobody else waits for it, so the number is still its own.
  spawned.pidfd = OpenPidfd(spawned.pid);
  if (const int error = errno; !spawned.pidfd.is_open() && error != ESRCH) {
    kill(spawned.pid, SIGKILL);
    Reap(spawned.pid);
    return SystemError(error, absl::StrCat(what, ": pidfd_open"));
  }
  return spawned;
}

}  // namespace creche::internal
