// SPDX-License-Identifier: Apache-2.0
//
// EncodeStatuses, DecodeStatuses: a list of Statuses, with their payloads, as
// bytes: how an error group keeps its members in a payload.

#ifndef CRECHE_LIB_CORE_STATUS_CODEC_H_
#define CRECHE_LIB_CORE_STATUS_CODEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace creche::internal {

std::string EncodeStatuses(const std::vector<absl::Status>& statuses);

// The reverse. What is not an encoding gives an empty list.
std::vector<absl::Status> DecodeStatuses(absl::string_view encoded);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_STATUS_CODEC_H_
