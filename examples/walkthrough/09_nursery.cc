// SPDX-License-Identifier: Apache-2.0
//
// Stage 9: a nursery ends when all its children have ended, and not before. The
// first to fail cancels the others, and its error comes out.
//
//   bazel run //examples/walkthrough:09_nursery

#include <cstdio>
#include <string>

#include "examples/walkthrough/nursery.h"

namespace {

using walkthrough::now;
using walkthrough::Nursery;
using walkthrough::SleepFor;
using walkthrough::Task;
using walkthrough::WithNursery;

// Ends well, or is hung up.
struct Line {
  explicit Line(const char* n) : name(n) {}
  ~Line() { std::printf("%3d ms: (%s hangs up)\n", now, name); }
  const char* name;
};

Task Talk(const char* name, int pause, int times) {
  Line line(name);
  for (int i = 0; i < times; ++i) {
    co_await SleepFor(pause);
    std::printf("%3d ms: %s talks\n", now, name);
  }
  co_return "";
}

Task Fail() {
  co_await SleepFor(25);
  co_return "the disk is full";
}

Task Main() {
  auto inner = [](Nursery& nursery) -> Task {
    nursery.StartSoon(Talk("grandchild", 10, 1000));
    co_return "";
  };
  auto outer = [&](Nursery& nursery) -> Task {
    nursery.StartSoon(WithNursery(inner));
    nursery.StartSoon(Talk("quick child", 10, 1));
    nursery.StartSoon(Fail());
    co_return co_await Talk("body", 1000, 1);
  };
  const std::string error = co_await WithNursery(outer);
  std::printf("%3d ms: all have ended: %s\n", now, error.c_str());
  co_return "";
}

}  // namespace

int main() { return walkthrough::Run(Main()).empty() ? 0 : 1; }
