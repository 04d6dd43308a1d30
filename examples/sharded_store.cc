// SPDX-License-Identifier: Apache-2.0
//
// A store of keys and values in memory, on all cores: each key has a core of
// its own, wherever its client is. Ctrl-C ends everything.
//
//   bazel run //examples:sharded_store -- 7777
//   nc 127.0.0.1 7777          (SET key value, GET key, APPEND key value,
//   COUNT)

#include "examples/sharded_store.h"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "absl/status/status.h"
#include "creche/creche.h"

int main(int argc, char** argv) {
  // There can be more of them than processors.
  constexpr std::size_t kCores = 4;
  const auto port =
      static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 7777);
  examples::ShardedStore store(kCores);
  const absl::Status status = creche::RunOnCores(
      creche::CoresOptions().set_count(kCores).set_cancel_on_signals(
          {SIGINT, SIGTERM}),
      [&](creche::Core& core) -> creche::Task<absl::Status> {
        co_return co_await examples::ServeStore(core, store, port);
      });
  std::cout << "stopped: " << status << std::endl;
  return absl::IsCancelled(status) ? 0 : 1;
}
