// SPDX-License-Identifier: Apache-2.0
//
// The classes inside core that public headers name as friends or results before
// anything defines them: so that these can begin with what they are about.

#ifndef CRECHE_CORE_INTERNAL_FORWARD_H_
#define CRECHE_CORE_INTERNAL_FORWARD_H_

namespace creche::internal {

class Contest;
class Entrant;
class NurseryAccess;
class ParkAwaiter;
struct ParkedTasks;  // Tag: the tasks parked in a lot.
class ScopeAccess;
class TaskAccess;
class TaskRecord;

template <typename Body>
class NurseryAwaiter;
template <typename Start, typename AbortFunction>
class SuspendAwaiter;
template <typename T>
class TaskAwaiter;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_FORWARD_H_
