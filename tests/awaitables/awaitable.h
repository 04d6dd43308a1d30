// SPDX-License-Identifier: Apache-2.0
//
// Awaitable: a row of the table of everything that can be awaited.
//
// The names are those of the reference: reference_test fails for one that has
// no row here. What a row has is proven by the other tests of this directory.
//
// There is no use on the wrong thread: what is awaited belongs to the task that
// awaits it, and so to its thread. What wakes it, or cancels it, does not:
// wrong_thread_test in tests/core/ and tests/sync/ has all of that.

#ifndef CRECHE_TESTS_AWAITABLES_AWAITABLE_H_
#define CRECHE_TESTS_AWAITABLES_AWAITABLE_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "creche/core/task.h"

namespace creche::awaitables {

// A use of the awaitable, in a run of its own: with what it needs, and with an
// ExpectCheckpoint() around it. Gives an error only if it got one that was no
// part of the plan: the kernel's, say.
using Use = Task<absl::Status> (*)();

// A use, or the reason why there is none.
class UseOrReason {
 public:
  UseOrReason(Use use) : use_(use) {}                   // NOLINT
  UseOrReason(const char* reason) : reason_(reason) {}  // NOLINT

  // nullptr if there is none.
  Use use() const { return use_; }
  const char* reason() const { return reason_; }

 private:
  Use use_ = nullptr;
  const char* reason_ = "";
};

// Whether uses of an awaitable start operations of the kernel.
enum class Kernel { kUnused, kUsed };

struct Awaitable {
  const char* name;
  UseOrReason at_once;  // It completes without having to wait.
  UseOrReason waits;    // Something else must happen first.
  UseOrReason refused;  // It gives an error, without having done anything.
  Kernel kernel = Kernel::kUnused;
  std::vector<Use> others = {};  // Further uses: without anything to do, say.

  std::vector<Use> uses() const;
  // As a part of a test's name: "Event_Wait" of "Event::Wait".
  std::string test_name() const;
};

// For GoogleTest.
std::ostream& operator<<(std::ostream& out, const Awaitable& awaitable);

const std::vector<Awaitable>& AllAwaitables();

// The parts of the table.
std::vector<Awaitable> CoreAwaitables();
std::vector<Awaitable> ScopeAwaitables();
std::vector<Awaitable> SyncAwaitables();
std::vector<Awaitable> NetAwaitables();
std::vector<Awaitable> StreamAwaitables();
std::vector<Awaitable> IoAwaitables();
std::vector<Awaitable> PipeAwaitables();
std::vector<Awaitable> BufferAwaitables();
std::vector<Awaitable> ProcessAwaitables();
std::vector<Awaitable> TestingAwaitables();
std::vector<Awaitable> ThreadAwaitables();
std::vector<Awaitable> TlsAwaitables();
std::vector<Awaitable> CurlAwaitables();
std::vector<Awaitable> DebugPageAwaitables();
std::vector<Awaitable> PostgresAwaitables();

}  // namespace creche::awaitables

#endif  // CRECHE_TESTS_AWAITABLES_AWAITABLE_H_
