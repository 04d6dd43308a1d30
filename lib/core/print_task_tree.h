// SPDX-License-Identifier: Apache-2.0
//
// PrintTaskTree: the tasks below a scope, and what each waits for.

#ifndef CRECHE_LIB_CORE_PRINT_TASK_TREE_H_
#define CRECHE_LIB_CORE_PRINT_TASK_TREE_H_

#include <ostream>

#include "creche/core/internal/cancel_node.h"

namespace creche::internal {

void PrintTaskTree(const CancelNode& root, std::ostream& out);

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_PRINT_TASK_TREE_H_
