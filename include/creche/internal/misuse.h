// SPDX-License-Identifier: Apache-2.0
//
// Misuse: how the library ends the process when a rule of its API is broken.

#ifndef CRECHE_INTERNAL_MISUSE_H_
#define CRECHE_INTERNAL_MISUSE_H_

#include <string_view>

namespace creche::internal {

// Prints "creche: <rule>" to standard error and aborts, in release builds too:
// a program that broke a rule of structured concurrency has no safe way on.
[[noreturn]] void Misuse(std::string_view rule);

}  // namespace creche::internal

#endif  // CRECHE_INTERNAL_MISUSE_H_
