// SPDX-License-Identifier: Apache-2.0
//
// Sessions of TLS on transports that libFuzzer mangles.
//
//   bazel run --config=fuzz //tests/tls/fuzz:session_fuzzer --
//   -max_total_time=600

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/tls/fuzz/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string problem = creche::ProblemWithSession(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!problem.empty()) {
    std::cerr << problem << std::endl;
    std::abort();
  }
  return 0;
}
