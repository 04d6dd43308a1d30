// SPDX-License-Identifier: Apache-2.0
//
// StreamChecks: the single checks of which testing/check_stream.h is made.

#ifndef CRECHE_LIB_TESTING_STREAM_CHECKS_H_
#define CRECHE_LIB_TESTING_STREAM_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/io/any_stream.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche::internal {

struct StreamCheck {
  const char* name;
  Task<> (*run)(AnyStream& a, AnyStream& b);
};

std::vector<StreamCheck> OneWayChecks();        // From a to b.
std::vector<StreamCheck> ClosingChecks();       // The same.
std::vector<StreamCheck> CancellationChecks();  // The same.
std::vector<StreamCheck> CloggedChecks();       // A send from a to b waits.
// The same; then that send is cut short.
std::vector<StreamCheck> CutChecks(bool ends_need_notice);
std::vector<StreamCheck> TwoWayChecks();
std::vector<StreamCheck> HalfCloseChecks();

// A random script of sends, receives, cancellations and ends, from a to b. What
// b receives is a prefix of what a was told to send, all of it if there is an
// end after sends that were OK, and there is an end only if a has ended. If
// ends need a notice, there is none after a send that was cut short.
Task<> KeepsTheLedger(AnyStream& a, AnyStream& b, bool can_send_eof,
                      bool ends_need_notice, std::uint32_t seed);

// Runs two callables as tasks, until both have ended. (A stream that buffers
// nothing can only send while somebody receives.)
template <typename F, typename G>
Task<> Both(F f, G g) {
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon(f);
    co_await g();
  };
  EXPECT_THAT(co_await WithNursery(body), IsOk());
}

// Receives until `expected` has come, and checks that it has.
Task<> ExpectReceives(AnyStream& stream, std::string expected);
// Receives until the end.
Task<std::string> ReceiveToEnd(AnyStream& stream);
Task<> ExpectSends(AnyStream& stream, std::string data);
// Sends from one to the other.
Task<> ExpectCarries(AnyStream& from, AnyStream& to, std::string data);
// Something to send that is not the same everywhere.
std::string Noise(size_t size);

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_STREAM_CHECKS_H_
