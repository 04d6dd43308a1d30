// SPDX-License-Identifier: Apache-2.0
//
// What tools/find_gcc12_hazards must find: the lines that name a hazard. Each
// was seen to corrupt memory, with g++ 12.2 and AddressSanitizer; or, for the
// branches, to be evaluated.

#include <array>
#include <functional>
#include <string>
#include <utility>

#include "creche/creche.h"

namespace gcc12 {

using creche::Task;

struct Pair {
  std::string first;
  std::string second;
};

Task<int> Take(Pair);
Task<int> TakeReference(const Pair&);
Task<int> TakeText(std::string);
Task<int> TakeArray(std::array<std::string, 2>);
Task<int> TakeFunction(std::function<int()>);
Task<int> One();
Task<bool> Yes();
Task<std::string> Text();
int Call(std::function<int()>);
int Use(Pair, int);

Task<> Aggregates(std::string a) {
  co_await Take(Pair{a, a});                 // HAZARD: aggregate
  co_await Take({a, a});                     // HAZARD: braced list
  co_await Take({.first = a, .second = a});  // HAZARD: braced list
  co_await Take({});                         // HAZARD: braced list
  co_await Take(Pair());
  co_await TakeReference(Pair{a, a});                    // HAZARD: aggregate
  co_await TakeReference({a, a});                        // HAZARD: braced list
  co_await TakeArray(std::array<std::string, 2>{a, a});  // HAZARD: aggregate
  co_await TakeText(Pair{a, a}.first);                   // HAZARD: aggregate
  Use(Pair{a, a}, co_await One());                       // HAZARD: aggregate
  Pair made{a, co_await Text()};                         // HAZARD: aggregate
  Pair assigned = {co_await Text(), a};                  // HAZARD: braced list
  std::string texts[] = {a, co_await Text()};            // HAZARD: braced list
  if (co_await Take(Pair{a, a}) == 1) co_return;         // HAZARD: aggregate
}

Task<> Closures(std::string a) {
  co_await [a]() -> Task<> { co_return; }();           // HAZARD: closure
  co_await TakeFunction([a] { return 1; });            // HAZARD: closure
  co_await TakeFunction([b = a] { return 1; });        // HAZARD: closure
  co_await TakeFunction([=] { return a != ""; });      // HAZARD: closure
  int sum = Call([a] { return 1; }) + co_await One();  // HAZARD: closure
  auto nested = [&]() -> Task<> {
    co_await TakeFunction([a] { return 1; });  // HAZARD: closure
  };
  co_await nested();
  (void)sum;
}

Task<int> Choices(std::string a, bool b) {
  co_await TakeText(b ? std::string("x") : std::string());  // HAZARD: choice
  co_await TakeText(b ? a : std::string("x"));              // HAZARD: choice
  co_await TakeText(b ? a + a : a);                         // HAZARD: choice
  co_await (b ? One() : One());                             // HAZARD: choice
  a = b ? co_await Text() : std::string();                  // HAZARD: choice
  while (b && co_await Yes()) continue;                     // HAZARD: branch
  for (; b || co_await Yes();) break;                       // HAZARD: branch
  if (a.empty()) co_return b ? co_await One() : 0;          // HAZARD: branch
  co_return b&& co_await Yes();                             // HAZARD: branch
}

// Clang finds these by itself.
#pragma GCC diagnostic ignored "-Wunused-result"

Task<absl::Status> Save(std::string);
Task<absl::StatusOr<std::string>> Load();

Task<> Dropped(std::string a) {
  auto close = []() -> Task<absl::Status> { co_return absl::OkStatus(); };
  co_await Save(a);                   // HAZARD: dropped Status
  co_await gcc12::Load();             // HAZARD: dropped Status
  if (a.empty()) co_await Save("x");  // HAZARD: dropped Status
  auto inner = [&]() -> Task<> {
    co_await close();  // HAZARD: dropped Status
  };
  co_await inner();
}

}  // namespace gcc12
