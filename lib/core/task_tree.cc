// SPDX-License-Identifier: Apache-2.0

#include "lib/core/task_tree.h"

#include <ostream>
#include <string>

#include "creche/internal/promise.h"
#include "creche/internal/task_record.h"

namespace creche::internal {
namespace {

class Printer {
 public:
  explicit Printer(std::ostream& out) : out_(out) {}

  void PrintScope(const CancelNode& node, int depth) {
    const bool is_nursery = node.tasks() != nullptr;
    if (node.parent() != nullptr) {
      Indent(depth) << (is_nursery ? "nursery" : "cancel scope");
      PrintProperties(node);
      out_ << "\n";
      ++depth;
    }
    if (node.owner() != nullptr && node.owner()->scope() == &node) {
      PrintTask(*node.owner(), depth);
    }
    if (is_nursery) {
      for (const TaskRecord* task = node.tasks()->front(); task != nullptr;
           task = node.tasks()->after(task)) {
        if (task->scope() == &node) PrintTask(*task, depth);
      }
    }
    for (const CancelNode* child = node.children().front(); child != nullptr;
         child = node.children().after(child)) {
      PrintScope(*child, depth);
    }
  }

 private:
  std::ostream& Indent(int depth) {
    return out_ << std::string(static_cast<size_t>(depth) * 2, ' ');
  }

  void PrintProperties(const CancelNode& node) {
    if (node.shield()) out_ << ", shielded";
    if (node.deadline() != kNever) {
      out_ << ", deadline "
           << absl::FormatTime(FromNanoseconds(node.deadline()));
    }
    if (node.cancel_called()) {
      out_ << ", cancelled";
      if (!node.reason().empty()) out_ << " (" << node.reason() << ")";
    }
  }

  void PrintTask(const TaskRecord& task, int depth) {
    Indent(depth) << "task ";
    if (task.name() != nullptr) {
      out_ << "'" << *task.name() << "' ";
    } else if (task.nursery() == nullptr) {
      out_ << "'main' ";
    }
    if (task.state() == TaskRecord::State::kRunning) {
      out_ << "is running\n";
      return;
    }
    out_ << "waits for " << task.waits_for();
    if (task.leaf()) {
      const std::source_location& at = task.leaf().promise->await_location();
      out_ << " at " << at.file_name() << ":" << at.line();
    }
    out_ << "\n";
  }

  std::ostream& out_;
};

}  // namespace

void PrintTaskTree(const CancelNode& root, std::ostream& out) {
  Printer(out).PrintScope(root, 1);
}

}  // namespace creche::internal
