// SPDX-License-Identifier: Apache-2.0

#include "creche/core/internal/misuse.h"

#include <cstdio>
#include <cstdlib>

#include "creche/core/internal/running.h"
#include "lib/core/scheduler.h"

namespace creche::internal {
namespace {

constinit thread_local MisuseContext misuse_context = nullptr;

}  // namespace

void Misuse(std::string_view rule) {
  std::fprintf(stderr, "creche: %.*s\n", static_cast<int>(rule.size()),
               rule.data());
  if (running.scheduler != nullptr && running.scheduler->is_forked()) {
    std::fputs(
        "creche: this process was forked from one with a run, which does not "
        "go on here\n",
        stderr);
  }
  if (misuse_context != nullptr) {
    std::fprintf(stderr, "%s\n", misuse_context().c_str());
  }
  std::fflush(stderr);
  std::abort();
}

void SetMisuseContext(MisuseContext context) { misuse_context = context; }

}  // namespace creche::internal
