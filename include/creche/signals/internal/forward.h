// SPDX-License-Identifier: Apache-2.0
//
// Classes inside signals that public headers name before anything defines
// them: so that these can begin with what they are about.

#ifndef CRECHE_SIGNALS_INTERNAL_FORWARD_H_
#define CRECHE_SIGNALS_INTERNAL_FORWARD_H_

namespace creche::internal {

class ReceiveSignalOperation;
class SignalInbox;

}  // namespace creche::internal

#endif  // CRECHE_SIGNALS_INTERNAL_FORWARD_H_
