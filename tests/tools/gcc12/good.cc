// SPDX-License-Identifier: Apache-2.0
//
// What tools/find_gcc12_hazards must let pass: g++ 12 compiles it rightly.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "creche/creche.h"

namespace gcc12 {

using creche::Task;

struct Pair {
  std::string first;
  std::string second;
};

// No destructor to be called twice.
struct Point {
  int x() const { return x_; }

  int x_ = 0;
  double* y_ = nullptr;
};

// No aggregate: it has a constructor.
struct Options {
  Options() {}  // NOLINT
  explicit Options(std::string n) : name(std::move(n)) {}

  std::string name;
};

struct Sink {
  Task<int> SendAll(absl::string_view);
};

Task<int> Take(Pair);
Task<int> TakePoint(Point);
Task<int> TakeOptions(Options);
Task<int> TakeText(std::string);
Task<int> TakeNumber(int);
Task<int> TakeFunction(std::function<int()>);
Task<int> One();
Task<bool> Yes();
Task<std::string> Text();
int Call(std::function<int()>);
Pair MakePair();

Task<Pair> Aggregates(std::string a) {
  Pair pair{a, a};
  co_await Take(std::move(pair));
  co_await Take(MakePair());
  co_await TakePoint(Point{1, nullptr});
  co_await TakeOptions(Options{a});
  co_await TakeText(std::string{a});
  Sink sink;
  char buffer[10] = {};
  co_await sink.SendAll({buffer, 10});
  const std::string text = co_await Text();
  Options options{co_await Text()};
  std::vector<int> numbers[] = {{1}, {2}};
  co_return Pair{a, text + options.name + std::string(numbers[0].size(), 'x')};
}

Task<> Closures(std::string a) {
  auto named = [a] { return 1; };
  co_await TakeFunction(named);
  co_await TakeFunction([&a] { return a.empty() ? 1 : 0; });
  co_await TakeFunction([&] { return Call([a] { return 1; }); });
  co_await TakeFunction([] { return 1; });
  int number = 3;
  co_await TakeFunction([number] { return number; });  // gcc12: ok
  const int called = Call([a] { return 1; });
  co_await TakeNumber(called);
}

Task<int> Choices(std::string a, bool b) {
  const std::string chosen = b ? std::string("x") : std::string();
  co_await TakeText(chosen);
  co_await TakeText(b ? "one" : "two");
  co_await TakeText(b ? a : chosen);
  co_await TakeNumber(b ? 1 : -1);
  const int number = b ? co_await One() : 0;
  if (b && co_await Yes()) co_await One();
  const bool both = b && co_await Yes();
  while (co_await Yes()) break;
  auto [first, second] = MakePair();
  co_await TakeText("co_await Take(Pair{a, a})" + first);  // Take(Pair{a, a})
  co_return both ? number : 0;
}

Task<absl::Status> Save(std::string);
Task<absl::Status> Twice(int);
Task<> Twice(std::string);  // Which of them is called, only types can tell.

Task<absl::Status> NotDropped(std::string a, Task<> (*save)()) {
  (co_await Save(a)).IgnoreError();
  (void)co_await Save(a);
  static_cast<void>(co_await Save(a));
  co_await creche::Try(Save(a));
  const absl::Status saved = co_await Save(a);
  if (!(co_await Save(a)).ok()) co_return saved;
  co_await Twice(a);
  co_await save();
  auto close = []() -> Task<> { co_return; };
  co_await close();
  co_return co_await Save(a);
}

}  // namespace gcc12
