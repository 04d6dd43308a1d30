// SPDX-License-Identifier: Apache-2.0
//
// Named: a task's name, for the task tree and traces.
//
//   nursery.StartSoon(creche::Named("reader", Read), std::ref(stream));

#ifndef CRECHE_CORE_NAMED_H_
#define CRECHE_CORE_NAMED_H_

#include <utility>

#include "absl/strings/string_view.h"
#include "creche/core/internal/named_callable.h"

namespace creche {

// Gives the task that runs `f` a name: StartSoon(Named("reader", Read), ...).
template <typename F>
auto Named(absl::string_view name, F f) {
  return internal::NamedCallable<F>(name, std::move(f));
}

}  // namespace creche

#endif  // CRECHE_CORE_NAMED_H_
