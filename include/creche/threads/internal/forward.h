// SPDX-License-Identifier: Apache-2.0
//
// The classes inside threads that public headers name as friends before
// anything defines them: so that these can begin with what they are about.

#ifndef CRECHE_THREADS_INTERNAL_FORWARD_H_
#define CRECHE_THREADS_INTERNAL_FORWARD_H_

namespace creche::internal {

class RunGate;
template <typename F>
class CallBodyOf;

}  // namespace creche::internal

#endif  // CRECHE_THREADS_INTERNAL_FORWARD_H_
