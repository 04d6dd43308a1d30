// SPDX-License-Identifier: Apache-2.0
//
// Classes inside TLS that public headers name before anything defines
// them: so that these can begin with what they are about.

#ifndef CRECHE_TLS_INTERNAL_FORWARD_H_
#define CRECHE_TLS_INTERNAL_FORWARD_H_

namespace creche::internal {

class TlsContextState;

}  // namespace creche::internal

#endif  // CRECHE_TLS_INTERNAL_FORWARD_H_
