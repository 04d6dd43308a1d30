// SPDX-License-Identifier: Apache-2.0
//
// The kinds of errors the library makes, and how to tell them apart.
//
//   if (absl::Status sent = co_await stream.SendAll(reply); !sent.ok()) {
//     if (creche::IsBrokenResource(sent)) co_return Reconnect();
//     co_return sent;
//   }
//
// A kind is a payload of the Status: user errors of the same code never match.

#ifndef CRECHE_CORE_ERRORS_H_
#define CRECHE_CORE_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche {

// Another task is using this resource right now, in the same direction.
bool IsBusyResource(const absl::Status& status);

// This side has closed the resource, before or during the call.
bool IsClosedResource(const absl::Status& status);

// The other side, or something else outside, has broken the resource: it is of
// no more use.
bool IsBrokenResource(const absl::Status& status);

// A Try...() function could not complete at once.
bool IsWouldBlock(const absl::Status& status);

// The stream ended before what was asked for had come.
bool IsEndOfStream(const absl::Status& status);

// A FailAfter() or FailAt() ran out of time.
bool IsTimeout(const absl::Status& status);

// Make such errors, for authors of resources. `message` says which operation on
// what failed.
absl::Status BusyResourceError(absl::string_view message);
absl::Status ClosedResourceError(absl::string_view message);
absl::Status BrokenResourceError(absl::string_view message);
absl::Status WouldBlockError(absl::string_view message);
absl::Status EndOfStreamError(absl::string_view message);
absl::Status TimeoutError(absl::string_view message);

}  // namespace creche

#endif  // CRECHE_CORE_ERRORS_H_
