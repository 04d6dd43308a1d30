// SPDX-License-Identifier: Apache-2.0
//
// Work for the processor, on threads: hashes files, several at a time, while a
// progress line goes on. Ctrl-C stops the threads, too.
//
//   bazel run //examples:hash_files -- FILE...

#include <csignal>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iostream>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "creche/creche.h"

namespace {

// FNV-1a. Looks at the stop token now and then, so that it can be cancelled.
absl::StatusOr<std::uint64_t> HashFile(std::stop_token stop,
                                       const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t hash = 14695981039346656037u;
  std::vector<char> block(1 << 16);
  while (file && !stop.stop_requested()) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    for (std::streamsize i = 0; i < file.gcount(); ++i) {
      hash = (hash ^ static_cast<unsigned char>(block[i])) * 1099511628211u;
    }
  }
  if (!file.eof()) return absl::UnavailableError(absl::StrCat("read ", path));
  return hash;
}

struct Progress {
  std::size_t done = 0;
  std::size_t all = 0;
};

creche::Task<absl::Status> HashOne(std::string path, Progress& progress,
                                   creche::CapacityLimiter& threads) {
  const std::uint64_t hash = co_await creche::Try(creche::RunInThread(
      creche::ThreadOptions().set_limiter(threads).set_name("hash"), HashFile,
      path));
  ++progress.done;
  std::cout << absl::StrCat(absl::Hex(hash, absl::kZeroPad16), "  ", path,
                            "\n");
  co_return absl::OkStatus();
}

creche::Task<> ShowProgress(const Progress& progress) {
  for (;;) {
    std::cerr << progress.done << " of " << progress.all << std::endl;
    co_await creche::SleepFor(absl::Milliseconds(200));
  }
}

creche::Task<absl::Status> Main(const std::vector<std::string>& paths) {
  Progress progress;
  progress.all = paths.size();
  // As many as there are processors: more would only take turns.
  creche::CapacityLimiter threads(2);
  auto with_progress =
      [&](creche::Nursery& outer) -> creche::Task<absl::Status> {
    outer.StartSoon(ShowProgress, std::ref(progress));
    auto hash_all = [&](creche::Nursery& nursery) -> creche::Task<> {
      for (const std::string& path : paths) {
        nursery.StartSoon(HashOne, path, std::ref(progress), std::ref(threads));
      }
      co_return;
    };
    absl::Status status = co_await creche::WithNursery(hash_all);
    outer.Cancel();
    co_return status;
  };
  co_return co_await creche::WithNursery(with_progress);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> paths(argv + 1, argv + argc);
  absl::Status status =
      creche::Run({.cancel_on_signals = {SIGINT}}, Main, paths);
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
