// SPDX-License-Identifier: Apache-2.0
//
// PlaceOnNativeStack(): where a local is, for comparing it with others.

#ifndef CRECHE_LIB_CORE_NATIVE_STACK_H_
#define CRECHE_LIB_CORE_NATIVE_STACK_H_

#include <cstdint>

#include "absl/base/config.h"

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace creche::internal {

// `address` itself. But AddressSanitizer keeps locals that it watches
// elsewhere: then the address of the native frame that they belong to.
inline std::uintptr_t PlaceOnNativeStack(const volatile void* address) {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  if (void* const stack = __asan_get_current_fake_stack()) {
    void* const frame = __asan_addr_is_in_fake_stack(
        stack, const_cast<void*>(address), nullptr, nullptr);
    if (frame != nullptr) return reinterpret_cast<std::uintptr_t>(frame);
  }
#endif
  return reinterpret_cast<std::uintptr_t>(address);
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_CORE_NATIVE_STACK_H_
