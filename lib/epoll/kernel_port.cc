// SPDX-License-Identifier: Apache-2.0

#include "lib/epoll/kernel_port.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/epoll/epoll_port.h"
#include "lib/uring/uring_port.h"

namespace creche::internal {
namespace {

using PortOrError = absl::StatusOr<std::unique_ptr<OperationPort>>;

PortOrError Opened(std::unique_ptr<OperationPort> port) {
  if (absl::Status opened = port->Open(); !opened.ok()) return opened;
  return port;
}

}  // namespace

absl::StatusOr<Backend> BackendToUse(Backend wanted) {
  const char* variable = std::getenv("CRECHE_BACKEND");
  if (wanted != Backend::kAuto || variable == nullptr) return wanted;
  const absl::string_view name = variable;
  if (name == "auto" || name.empty()) return Backend::kAuto;
  if (name == "uring") return Backend::kUring;
  if (name == "epoll") return Backend::kEpoll;
  return absl::InvalidArgumentError(
      absl::StrCat("the environment variable CRECHE_BACKEND is '", name,
                   "'; it can be auto, uring or epoll"));
}

// SetupError() keeps this code for that.
bool IsMissing(const absl::Status& error) { return absl::IsUnavailable(error); }

PortOrError OpenKernelPort(Backend wanted, unsigned ring_entries,
                           const UringFeatures& features) {
  const absl::StatusOr<Backend> backend = BackendToUse(wanted);
  if (!backend.ok()) return backend.status();
  if (*backend != Backend::kEpoll) {
    PortOrError uring =
        Opened(std::make_unique<UringPort>(ring_entries, features));
    const bool falls_back =
        *backend == Backend::kAuto && IsMissing(uring.status());
    if (!falls_back) return uring;
  }
  return Opened(std::make_unique<EpollPort>(features));
}

}  // namespace creche::internal
