// SPDX-License-Identifier: Apache-2.0
//
// Classes inside process that public headers name before anything defines
// them: so that these can begin with what they are about.

#ifndef CRECHE_PROCESS_INTERNAL_FORWARD_H_
#define CRECHE_PROCESS_INTERNAL_FORWARD_H_

namespace creche::internal {

class Child;
struct StartedProcess;

}  // namespace creche::internal

#endif  // CRECHE_PROCESS_INTERNAL_FORWARD_H_
