// SPDX-License-Identifier: Apache-2.0
//
// NamedLike: a server's own function carries the name that the handler has.

#ifndef CRECHE_NET_INTERNAL_NAMED_LIKE_H_
#define CRECHE_NET_INTERNAL_NAMED_LIKE_H_

#include "creche/core/internal/named_callable.h"

namespace creche::internal {

// `f`, which calls `handler`: if that is Named(), by the same name.
template <typename Handler, typename F>
auto NamedLike(const Handler& handler, const F& f) {
  if constexpr (kIsNamed<Handler>) {
    return NamedCallable<F>(handler.name(), f);
  } else {
    return f;
  }
}

}  // namespace creche::internal

#endif  // CRECHE_NET_INTERNAL_NAMED_LIKE_H_
