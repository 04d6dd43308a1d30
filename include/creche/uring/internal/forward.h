// SPDX-License-Identifier: Apache-2.0
//
// The classes inside uring that public headers name before anything defines
// them: so that these can begin with what they are about.

#ifndef CRECHE_URING_INTERNAL_FORWARD_H_
#define CRECHE_URING_INTERNAL_FORWARD_H_

namespace creche::internal {

class BlockRing;
class DescriptorOperation;
class Multishot;
struct CancelRequestTag;

}  // namespace creche::internal

#endif  // CRECHE_URING_INTERNAL_FORWARD_H_
