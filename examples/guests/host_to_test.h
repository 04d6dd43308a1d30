// SPDX-License-Identifier: Apache-2.0
//
// HostToTest: a loop with its adapter, for the tests that all of them pass.
// Apart from these, so that no two libraries meet in one file.

#ifndef EXAMPLES_GUESTS_HOST_TO_TEST_H_
#define EXAMPLES_GUESTS_HOST_TO_TEST_H_

#include <functional>
#include <memory>

#include "creche/guest_run.h"

namespace examples {

class HostToTest {
 public:
  virtual ~HostToTest() = default;

  // The adapter.
  virtual creche::HostLoop& loop() = 0;

  // Runs the loop, as its programs do, until Quit(). Some can in a callback.
  virtual void Run() = 0;
  virtual void Quit() = 0;

  // The loop's own timer calls `f` every few milliseconds, by the loop's own
  // means, until the end of the test.
  virtual void Tick(std::function<void()> f) = 0;
};

using MakeHost = std::unique_ptr<HostToTest> (*)();
std::unique_ptr<HostToTest> MakeAsioHost();
std::unique_ptr<HostToTest> MakeGLibHost();
std::unique_ptr<HostToTest> MakeQtHost();
std::unique_ptr<HostToTest> MakeUvHost();

}  // namespace examples

#endif  // EXAMPLES_GUESTS_HOST_TO_TEST_H_
