// SPDX-License-Identifier: Apache-2.0
//
// Command: which program to run, and how. For RunProcess()
// (process/run_process.h) and Process::Start() (process/process.h).
//
//   creche::Command command("sort");
//   command.add_argument("-n").set_input("2\n10\n1\n").capture_output();

#ifndef CRECHE_PROCESS_COMMAND_H_
#define CRECHE_PROCESS_COMMAND_H_

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace creche {

// The child gets this process's environment, working directory, output and
// error, an empty input, no other descriptor, and no signal blocked; SIGPIPE is
// as usual in it. What a Command says otherwise:
class Command {
 public:
  // Where a standard stream of the child goes.
  enum class Stream { kInherited, kCaptured, kPiped };

  // A name without a slash is looked up in PATH (of this process).
  explicit Command(std::string program) : program_(std::move(program)) {}

  // One more. They are handed on as they are: there is no shell.
  Command& add_argument(std::string argument) {
    arguments_.push_back(std::move(argument));
    return *this;
  }

  // One more variable of the environment, or another value for one.
  Command& add_environment(std::string name, std::string value) {
    environment_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  // None of this process's variables: only what add_environment() adds.
  Command& clear_environment() {
    inherits_environment_ = false;
    environment_.clear();
    return *this;
  }

  // The working directory. A program with a slash that does not begin with one
  // is looked for there.
  Command& set_directory(std::string directory) {
    directory_ = std::move(directory);
    return *this;
  }

  // What the child can read from its standard input. (RunProcess() only.)
  Command& set_input(std::string input) {
    input_ = std::move(input);
    return *this;
  }
  // Output, or error, becomes a part of the result. (RunProcess() only.)
  Command& capture_output() {
    output_ = Stream::kCaptured;
    return *this;
  }
  Command& capture_error() {
    error_ = Stream::kCaptured;
    return *this;
  }
  // Error goes where output goes.
  Command& merge_error() {
    merges_error_ = true;
    return *this;
  }
  // How many bytes of output, and of error, are captured. A child that writes
  // more is stopped (kResourceExhausted). No limit by default.
  Command& set_max_captured(size_t size) {
    max_captured_ = size;
    return *this;
  }

  // The child leads a process group of its own, which is stopped, signalled and
  // killed with it: its own children, too, unless they leave the group. Off by
  // default. (Such a group is in the background: it cannot read from the
  // terminal, and Ctrl-C does not reach it.)
  Command& set_new_group(bool new_group) {
    new_group_ = new_group;
    return *this;
  }
  // How long a child that is to stop, and was sent SIGTERM, may go on before it
  // is sent SIGKILL. 5 seconds by default.
  Command& set_stop(absl::Duration grace) {
    grace_ = grace;
    return *this;
  }
  // Whether a child that fails (an exit code that is not 0, or a signal) is an
  // error. On by default. (RunProcess() only.)
  Command& set_check(bool check) {
    check_ = check;
    return *this;
  }

  // A pipe to the child's input, or from its output or error. (Process only:
  // see Process::input() and the others there.)
  Command& pipe_input() {
    pipes_input_ = true;
    return *this;
  }
  Command& pipe_output() {
    output_ = Stream::kPiped;
    return *this;
  }
  Command& pipe_error() {
    error_ = Stream::kPiped;
    return *this;
  }

  // What was set.
  const std::string& program() const { return program_; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  const std::vector<std::pair<std::string, std::string>>& environment() const {
    return environment_;
  }
  bool inherits_environment() const { return inherits_environment_; }
  const std::string& directory() const { return directory_; }
  const std::string& input() const { return input_; }
  bool pipes_input() const { return pipes_input_; }
  Stream output() const { return output_; }
  Stream error() const { return error_; }
  bool merges_error() const { return merges_error_; }
  size_t max_captured() const { return max_captured_; }
  bool new_group() const { return new_group_; }
  absl::Duration grace() const { return grace_; }
  bool check() const { return check_; }

  // For people: the program and its arguments, with quotes where a shell would
  // need them, cut off when it is long.
  std::string ToString() const;

 private:
  std::string program_;
  std::vector<std::string> arguments_;
  std::vector<std::pair<std::string, std::string>> environment_;
  bool inherits_environment_ = true;
  std::string directory_;
  std::string input_;
  bool pipes_input_ = false;
  Stream output_ = Stream::kInherited;
  Stream error_ = Stream::kInherited;
  bool merges_error_ = false;
  size_t max_captured_ = std::numeric_limits<size_t>::max();
  bool new_group_ = false;
  absl::Duration grace_ = absl::Seconds(5);
  bool check_ = true;
};

}  // namespace creche

#endif  // CRECHE_PROCESS_COMMAND_H_
