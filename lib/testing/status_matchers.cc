// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/status_matchers.h"

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"

namespace creche::internal {

bool StatusIsMatcher::Matches(const absl::Status& status,
                              ::testing::MatchResultListener* listener) const {
  if (!code_.Matches(status.code())) {
    *listener << "whose code is " << absl::StatusCodeToString(status.code());
    return false;
  }
  ::testing::StringMatchResultListener explanation;
  if (!message_.MatchAndExplain(std::string(status.message()), &explanation)) {
    *listener << "whose message is wrong";
    if (!explanation.str().empty()) *listener << ", " << explanation.str();
    return false;
  }
  return true;
}

void StatusIsMatcher::DescribeTo(std::ostream* out) const {
  *out << "has a code that ";
  code_.DescribeTo(out);
  *out << " and a message that ";
  message_.DescribeTo(out);
}

void StatusIsMatcher::DescribeNegationTo(std::ostream* out) const {
  *out << "has a code that ";
  code_.DescribeNegationTo(out);
  *out << ", or a message that ";
  message_.DescribeNegationTo(out);
}

}  // namespace creche::internal
