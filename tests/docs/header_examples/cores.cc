// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/cores/, compiled.

#include <csignal>
#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "creche/creche.h"

namespace {

std::size_t Hash(const std::string& text) {
  return std::hash<std::string>()(text);
}
creche::Task<> Greet(creche::TcpStream /*stream*/) { co_return; }

namespace shards {

// core.h

const std::string key = "key";
creche::Task<absl::Status> Put() { co_return absl::OkStatus(); }

creche::Task<absl::Status> Main(creche::Core& core) {
  // The values of a shard are used on its own core only.
  const size_t home = Hash(key) % core.count();
  co_return co_await core.RunOn(home, Put);
}

[[maybe_unused]] absl::Status CoreExample() {
  return creche::RunOnCores(creche::CoresOptions(), Main);
}

}  // namespace shards

// run_on_cores.h

creche::Task<absl::Status> Main(creche::Core& core) {
  co_return co_await creche::ServeTcpOnCores(core, "", 7777, Greet);
}

[[maybe_unused]] absl::Status RunOnCoresExample() {
  absl::Status status = creche::RunOnCores(
      creche::CoresOptions().set_cancel_on_signals({SIGINT, SIGTERM}), Main);
  return status;
}

// serve_tcp_on_cores.h

creche::Task<absl::Status> Serve(creche::Core& core) {
  co_return co_await creche::ServeTcpOnCores(core, "", 7777, Greet);
}

[[maybe_unused]] auto* const serve_tcp_on_cores_example = &Serve;

}  // namespace
