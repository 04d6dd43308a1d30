// SPDX-License-Identifier: Apache-2.0
//
// The classes inside testing that public headers name before anything defines
// them.

#ifndef CRECHE_TESTING_INTERNAL_FORWARD_H_
#define CRECHE_TESTING_INTERNAL_FORWARD_H_

namespace creche::internal {

class MemoryPipe;

}  // namespace creche::internal

#endif  // CRECHE_TESTING_INTERNAL_FORWARD_H_
