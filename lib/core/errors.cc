// SPDX-License-Identifier: Apache-2.0

#include "creche/core/errors.h"

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace creche {
namespace {

constexpr absl::string_view kKindUrl = "type.creche/error_kind";

constexpr absl::string_view kBusy = "busy resource";
constexpr absl::string_view kClosed = "closed resource";
constexpr absl::string_view kBroken = "broken resource";
constexpr absl::string_view kWouldBlock = "would block";
constexpr absl::string_view kEndOfStream = "end of stream";
constexpr absl::string_view kTimeout = "timeout";

bool IsKind(const absl::Status& status, absl::string_view kind) {
  const auto payload = status.GetPayload(kKindUrl);
  return payload.has_value() && *payload == kind;
}

absl::Status Make(absl::StatusCode code, absl::string_view kind,
                  absl::string_view message) {
  absl::Status status(code, message);
  status.SetPayload(kKindUrl, absl::Cord(kind));
  return status;
}

}  // namespace

bool IsBusyResource(const absl::Status& status) {
  return IsKind(status, kBusy);
}
bool IsClosedResource(const absl::Status& status) {
  return IsKind(status, kClosed);
}
bool IsBrokenResource(const absl::Status& status) {
  return IsKind(status, kBroken);
}
bool IsWouldBlock(const absl::Status& status) {
  return IsKind(status, kWouldBlock);
}
bool IsEndOfStream(const absl::Status& status) {
  return IsKind(status, kEndOfStream);
}
bool IsTimeout(const absl::Status& status) { return IsKind(status, kTimeout); }

absl::Status BusyResourceError(absl::string_view message) {
  return Make(absl::StatusCode::kFailedPrecondition, kBusy, message);
}
absl::Status ClosedResourceError(absl::string_view message) {
  return Make(absl::StatusCode::kFailedPrecondition, kClosed, message);
}
absl::Status BrokenResourceError(absl::string_view message) {
  return Make(absl::StatusCode::kUnavailable, kBroken, message);
}
absl::Status WouldBlockError(absl::string_view message) {
  return Make(absl::StatusCode::kUnavailable, kWouldBlock, message);
}
absl::Status EndOfStreamError(absl::string_view message) {
  return Make(absl::StatusCode::kOutOfRange, kEndOfStream, message);
}
absl::Status TimeoutError(absl::string_view message) {
  return Make(absl::StatusCode::kDeadlineExceeded, kTimeout, message);
}

}  // namespace creche
