// SPDX-License-Identifier: Apache-2.0
//
// How RunOnCores() calls the main of every core.

#ifndef CRECHE_CORES_INTERNAL_RUN_ON_CORES_INL_H_
#define CRECHE_CORES_INTERNAL_RUN_ON_CORES_INL_H_

#include "absl/status/status.h"
#include "creche/core/internal/async_body.h"
#include "creche/core/internal/call.h"
#include "creche/core/task.h"
#include "creche/cores/core.h"
#include "creche/cores/run_on_cores.h"

namespace creche {
namespace internal {

// The main of every core.
class CoreMain {
 public:
  virtual Task<absl::Status> Run(Core& core) = 0;

 protected:
  ~CoreMain() = default;
};

absl::Status RunCoreMain(const CoresOptions& options, CoreMain& main);

template <typename F>
class CoreMainOf final : public CoreMain {
 public:
  explicit CoreMainOf(F& main) : main_(main) {}

  Task<absl::Status> Run(Core& core) override {
    co_return co_await internal::Call(main_, core);
  }

 private:
  F& main_;
};

}  // namespace internal

template <typename F>
absl::Status RunOnCores(CoresOptions options, F main) {
  static_assert(internal::kReturnsAwaitable<F&, Core&>,
                "creche: RunOnCores calls main(Core&), which returns a "
                "Task<absl::Status>");
  internal::CoreMainOf<F> every_main(main);
  return internal::RunCoreMain(options, every_main);
}

}  // namespace creche

#endif  // CRECHE_CORES_INTERNAL_RUN_ON_CORES_INL_H_
