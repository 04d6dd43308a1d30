// SPDX-License-Identifier: Apache-2.0
//
// Classes inside cores that public headers name before anything defines
// them: so that these can begin with what they are about.

#ifndef CRECHE_CORES_INTERNAL_FORWARD_H_
#define CRECHE_CORES_INTERNAL_FORWARD_H_

namespace creche::internal {

class CoreSet;

}  // namespace creche::internal

#endif  // CRECHE_CORES_INTERNAL_FORWARD_H_
