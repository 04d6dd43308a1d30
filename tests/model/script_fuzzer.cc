// SPDX-License-Identifier: Apache-2.0
//
// The model test, with scripts that libFuzzer makes:
//
//   bazel run --config=fuzz //tests/model:script_fuzzer -- -max_total_time=600

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/model/library_run.h"
#include "tests/model/reference.h"
#include "tests/model/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace creche::model;
  ByteSource bytes(data, size);
  const Script script = MakeScript(bytes);
  const Trace expected = RunReference(script);
  const Trace actual = RunLibrary(script);
  if (expected != actual) {
    std::cerr << script << Difference(expected, actual);
    std::abort();
  }
  return 0;
}
