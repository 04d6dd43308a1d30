// SPDX-License-Identifier: Apache-2.0
//
// InFrame: a value in the frame of a coroutine.

#ifndef CRECHE_CORE_INTERNAL_IN_FRAME_H_
#define CRECHE_CORE_INTERNAL_IN_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"

namespace creche::internal {

// A T in memory that may not be aligned for it.
template <typename T>
class Realigned {
 public:
  template <typename U>
    requires(!std::is_same_v<std::remove_cvref_t<U>, Realigned>)
  explicit Realigned(U&& value) {
    new (Place()) T(std::forward<U>(value));
  }
  Realigned(const Realigned&) = delete;
  Realigned& operator=(const Realigned&) = delete;
  ~Realigned() { std::destroy_at(&Get()); }

  operator T&() { return Get(); }  // NOLINT(google-explicit-constructor)
  operator const T&() const {      // NOLINT(google-explicit-constructor)
    return const_cast<Realigned*>(this)->Get();
  }

 private:
  void* Place() {
    const auto room = reinterpret_cast<std::uintptr_t>(room_);
    return room_ + (alignof(T) - room % alignof(T)) % alignof(T);
  }
  T& Get() { return *std::launder(static_cast<T*>(Place())); }

  std::byte room_[sizeof(T) + alignof(T)];
};

// Frames are aligned as any memory is, and no more. And a promise lies behind
// two pointers of the compiler's, unless its own alignment is more than theirs.
template <typename T>
using InFrame =
    std::conditional_t<alignof(T) <= 2 * sizeof(void*), T, Realigned<T>>;

// Whether the value of a coroutine lies where its place in the source was. To
// put it there runs no code of a user, who might ask for that place.
template <typename T>
inline constexpr bool kFitsInWord =
    sizeof(T) <= sizeof(void*) && alignof(T) <= alignof(void*) &&
    (std::is_trivially_copyable_v<T> || std::is_same_v<T, absl::Status>);

// Room for a value that is made and destroyed by others.
template <typename T>
union RoomFor {
  RoomFor() {}   // NOLINT(modernize-use-equals-default): leaves it empty.
  ~RoomFor() {}  // NOLINT(modernize-use-equals-default): it may be empty.
  InFrame<T> value;
};
struct NoRoom {};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_IN_FRAME_H_
