// SPDX-License-Identifier: Apache-2.0
//
// The classes inside net that public headers name as friends before
// anything defines them: so that these can begin with what they are about.

#ifndef CRECHE_NET_INTERNAL_FORWARD_H_
#define CRECHE_NET_INTERNAL_FORWARD_H_

namespace creche::internal {

class MultishotAccept;
class MultishotReceive;
class ReceiveBlockOperation;
class ReceiveDescriptorsOperation;
class SendDescriptorsOperation;

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_FORWARD_H_
