// SPDX-License-Identifier: Apache-2.0

#include "lib/core/status_codec.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

std::vector<absl::Status> Examples() {
  absl::Status with_payloads = absl::DataLossError("lost");
  with_payloads.SetPayload("empty", absl::Cord());
  with_payloads.SetPayload("bytes", absl::Cord(absl::string_view("\0\xff", 2)));
  return {absl::OkStatus(), absl::NotFoundError(""), with_payloads,
          absl::InternalError(std::string(100'000, 'x'))};
}

TEST(StatusCodecTest, GivesBackWhatItWasGiven) {
  EXPECT_EQ(DecodeStatuses(EncodeStatuses(Examples())), Examples());
  EXPECT_TRUE(DecodeStatuses(EncodeStatuses({})).empty());
}

TEST(StatusCodecTest, WhatIsCutShortIsNoEncoding) {
  const std::string encoded = EncodeStatuses(
      {absl::NotFoundError("text"), absl::DataLossError("more text")});

  for (size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_TRUE(DecodeStatuses(encoded.substr(0, size)).empty()) << size;
  }
  EXPECT_TRUE(DecodeStatuses(encoded + "x").empty());
}

TEST(StatusCodecTest, ReadsNothingBeyondWhatIsThere) {
  std::string encoded = EncodeStatuses({absl::NotFoundError("text")});

  for (char& byte : encoded) {
    const char kept = byte;
    byte = '\xff';
    DecodeStatuses(encoded);  // Whatever it gives: AddressSanitizer watches.
    byte = kept;
  }
}

}  // namespace
}  // namespace creche::internal
