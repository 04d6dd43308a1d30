// SPDX-License-Identifier: Apache-2.0
//
// Names of postgres/ whose definitions are its own concern.

#ifndef CRECHE_POSTGRES_INTERNAL_FORWARD_H_
#define CRECHE_POSTGRES_INTERNAL_FORWARD_H_

namespace creche::internal {

class PostgresSession;

}  // namespace creche::internal

#endif  // CRECHE_POSTGRES_INTERNAL_FORWARD_H_
