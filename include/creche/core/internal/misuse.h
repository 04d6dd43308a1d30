// SPDX-License-Identifier: Apache-2.0
//
// Misuse: how the library ends the process when a rule of its API is broken.

#ifndef CRECHE_CORE_INTERNAL_MISUSE_H_
#define CRECHE_CORE_INTERNAL_MISUSE_H_

#include <string>
#include <string_view>

namespace creche::internal {

// Prints "creche: <rule>" to standard error and aborts, in release builds too:
// a program that broke a rule of structured concurrency has no safe way on.
[[noreturn]] void Misuse(std::string_view rule);

// What this thread is at, for Misuse() to print as well; nullptr: nothing. The
// testing kit uses it to say which of its many runs broke the rule.
using MisuseContext = std::string (*)();
void SetMisuseContext(MisuseContext context);

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_MISUSE_H_
