// SPDX-License-Identifier: Apache-2.0

#include "tests/model/interpreter.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "tests/model/script.h"

namespace creche::model {

Interpreter::Interpreter(const Script& script)
    : script_(script),
      scopes_(script.ids),
      nurseries_(script.ids),
      starts_(script.ids) {
  root_.entered = true;
  for (std::size_t i = 0; i < kChannels; ++i) channels_[i].capacity = i;
  Configure(script.main);
}

Trace Interpreter::Run() {
  Task& main = *tasks_.emplace_back(std::make_unique<Task>());
  main.scope = &root_;
  main.frames.push_back(Frame{&script_.main, nullptr});
  runnable_.push_back(&main);
  while (!main_ended_) {
    ExpireDeadlines();
    if (runnable_.empty()) {
      if (!JumpToNextDeadline()) {
        Record("deadlock");
        break;
      }
      continue;
    }
    for (std::size_t left = runnable_.size(); left > 0; --left) {
      Task& task = *runnable_.front();
      runnable_.pop_front();
      RunStep(task);
    }
  }
  return std::move(trace_);
}

void Interpreter::Configure(const Block& block) {
  for (const Step& step : block.steps) {
    if (step.op == Op::kScope) {
      auto scope = std::make_unique<Scope>();
      scope->timeout = step.amount;
      scope->shield = step.shield;
      scopes_[step.id] = std::move(scope);
    }
    Configure(step.body);
    Configure(step.cleanup);
  }
}

void Interpreter::Record(std::string what) {
  trace_.push_back(Event{now_, std::move(what)});
}

}  // namespace creche::model
