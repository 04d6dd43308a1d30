// SPDX-License-Identifier: Apache-2.0
//
// TaskTree(), DumpTasks(): what every task of the run is doing.
//
//   creche::DumpTasks(std::cerr);
//
//   > task 'main' waits for the children of its nursery at server.cc:40
//   >   nursery, deadline in 29.8s
//   >     task 'accept' waits for Accept at server.cc:21 < server.cc:33
//   >     task 'client' waits for ReceiveSome at server.cc:12
//   >       cancel scope, deadline in 1.2s

#ifndef CRECHE_DEBUG_TASK_TREE_H_
#define CRECHE_DEBUG_TASK_TREE_H_

#include <ostream>
#include <string>

namespace creche {

// A line for each task of this thread's run: its name, what it waits for, and
// where: the co_await it stands at, and the ones that called it. Below it, the
// cancel scopes and nurseries it stands in, outermost first, with their
// deadlines and reasons; below a nursery, its children. Of the task that runs
// only the callers are shown: where it is itself is on the native stack. Empty
// outside of a run.
std::string TaskTree();

// Prints that.
void DumpTasks(std::ostream& out);

// Prints it to standard error: from a debugger that has stopped on the thread
// of the run, "call creche::DumpTasks()".
void DumpTasks();

}  // namespace creche

#endif  // CRECHE_DEBUG_TASK_TREE_H_
