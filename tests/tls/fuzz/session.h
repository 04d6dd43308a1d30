// SPDX-License-Identifier: Apache-2.0
//
// ProblemWithSession: sessions of TLS on a transport that does what a fuzzer
// says.

#ifndef CRECHE_TESTS_TLS_FUZZ_SESSION_H_
#define CRECHE_TESTS_TLS_FUZZ_SESSION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace creche {

// The first bytes of `input` say which version is spoken, and how the bytes
// arrive on both sides: in which pieces, how late, where one is changed and
// where they are cut off (kFuzzHead bytes; what is missing is 0). If more
// follows, it is what one of the sides gets instead of its peer's bytes.
//
// Returns what is wrong: bytes that nobody has sent, an end that nobody has
// said, a session that has failed without reason. Empty: nothing is.
std::string ProblemWithSession(absl::string_view input);

inline constexpr int kFuzzHead = 15;

}  // namespace creche

#endif  // CRECHE_TESTS_TLS_FUZZ_SESSION_H_
