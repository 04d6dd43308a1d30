// SPDX-License-Identifier: Apache-2.0
//
// Copies the files of a directory, several at a time. Each appears under its
// name when it is complete, and not before: whatever goes wrong, Ctrl-C
// included, leaves no half of a file.
//
//   bazel run //examples:parallel_copy -- FROM TO

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/io/copy_file.h"

namespace {

namespace fs = std::filesystem;
using creche::Task;
using creche::Try;

constexpr size_t kFilesAtATime = 16;

Task<absl::Status> CopyWhole(std::string from, std::string to) {
  const std::string partial = absl::StrCat(to, ".partial");
  bool is_complete = false;
  auto copy = [&]() -> Task<absl::Status> {
    co_await Try(creche::CopyFile(from, partial));
    co_await Try(creche::RenameFile(partial, to));
    is_complete = true;
    co_return absl::OkStatus();
  };
  // Runs however the copy ended: done, failed, or cancelled.
  auto remove_partial = [&]() -> Task<> {
    if (is_complete) co_return;
    (co_await creche::RemoveFile(partial)).IgnoreError();
  };
  co_return co_await creche::WithCleanup(copy, remove_partial,
                                         absl::Seconds(5));
}

// The first failure stops all the others.
Task<absl::Status> CopyDirectory(fs::path from, fs::path to) {
  creche::CapacityLimiter limiter(kFilesAtATime);
  int copied = 0;
  auto copy_one = [&](fs::path source, fs::path target,
                      creche::CapacityToken) -> Task<absl::Status> {
    co_await Try(CopyWhole(source, target));
    ++copied;
    co_return absl::OkStatus();
  };
  auto copy_all = [&](creche::Nursery& nursery) -> Task<absl::Status> {
    // A directory is read at once; the system has no other way to.
    std::error_code error;
    fs::create_directories(to, error);
    fs::recursive_directory_iterator entry(from, error);
    for (; !error && entry != fs::recursive_directory_iterator();
         entry.increment(error)) {
      const fs::path target = to / entry->path().lexically_relative(from);
      if (entry->is_directory(error)) {
        fs::create_directories(target, error);
      } else if (entry->is_regular_file(error)) {
        creche::CapacityToken token = co_await limiter.Acquire();
        nursery.StartSoon(copy_one, entry->path(), target, std::move(token));
      }
    }
    if (error) co_return absl::ErrnoToStatus(error.value(), from.string());
    co_return absl::OkStatus();
  };
  const absl::Status status = co_await creche::WithNursery(copy_all);
  std::cout << "copied " << copied << " files" << std::endl;
  co_return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: parallel_copy FROM TO\n";
    return 2;
  }
  creche::RunOptions options;
  options.cancel_on_signals = {SIGINT, SIGTERM};
  const absl::Status status =
      creche::Run(options, CopyDirectory, fs::path(argv[1]), fs::path(argv[2]));
  if (!status.ok()) std::cerr << status << std::endl;
  return status.ok() ? 0 : 1;
}
