// SPDX-License-Identifier: Apache-2.0
//
// What holds of every parser among the examples, whatever comes.

#ifndef EXAMPLES_FUZZ_PARSERS_H_
#define EXAMPLES_FUZZ_PARSERS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace examples {

// Which parser is meant.
enum class Parser { kRequest, kResponse, kUrl, kRedis, kChat };
constexpr int kParsers = 5;

// Lets `parser` read `input`: all of it, one message after the other, whole and
// in pieces. Says what is wrong: a result that depends on where the pieces end,
// or one that breaks a promise. Empty if nothing is.
std::string ProblemWith(Parser parser, absl::string_view input,
                        std::uint32_t seed);

}  // namespace examples

#endif  // EXAMPLES_FUZZ_PARSERS_H_
