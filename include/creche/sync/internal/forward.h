// SPDX-License-Identifier: Apache-2.0
//
// The classes inside sync that public headers name as friends before anything
// defines them: so that these can begin with what they are about.

#ifndef CRECHE_SYNC_INTERNAL_FORWARD_H_
#define CRECHE_SYNC_INTERNAL_FORWARD_H_

namespace creche::internal {

class TokenLeftBehind;
struct TokensLeftBehind;  // Tag: those of one limiter.
template <typename T>
struct OneShotState;

}  // namespace creche::internal

#endif  // CRECHE_SYNC_INTERNAL_FORWARD_H_
