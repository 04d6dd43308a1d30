// SPDX-License-Identifier: Apache-2.0
//
// KeptCallable: as what an operation keeps a callable it was given.

#ifndef CRECHE_CORE_INTERNAL_KEPT_CALLABLE_H_
#define CRECHE_CORE_INTERNAL_KEPT_CALLABLE_H_

#include <type_traits>

namespace creche::internal {

// How a callable argument is kept until the operation has finished: rvalues are
// moved in, lvalues are copied, and only what cannot be copied is used in
// place.
template <typename F>
using KeptCallable = std::conditional_t<
    std::is_lvalue_reference_v<F> &&
        !std::is_copy_constructible_v<std::remove_cvref_t<F>>,
    F, std::remove_cvref_t<F>>;

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_KEPT_CALLABLE_H_
