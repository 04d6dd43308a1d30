// SPDX-License-Identifier: Apache-2.0
//
// CRECHE_CORO_WRAPPER and friends: what lets clang reject coroutine arguments
// that dangle.
//
// Clang checks every function that returns a Task: a temporary bound to a
// reference parameter of a coroutine is a warning where the Task outlives it.
// For that it wants to know which functions are coroutines. One that returns a
// Task without being a coroutine itself says so:
//
//   CRECHE_CORO_WRAPPER creche::Task<int> Fetch(int id) { return Get(id, 3); }
//
// A lambda cannot say so in C++20: make it a coroutine (co_return co_await).
//
// See "Coroutine attributes" in Clang's attribute reference (clang 17 and
// newer); other compilers ignore them.

#ifndef CRECHE_CORE_INTERNAL_COROUTINE_ATTRIBUTES_H_
#define CRECHE_CORE_INTERNAL_COROUTINE_ATTRIBUTES_H_

// Older ones lack what C++20 has: <source_location>, for one.
#if defined(__clang__) && __clang_major__ < 16
#error \
    "creche needs clang 16 or newer (on Debian 12: clang-19), or g++ 12 or newer"
#endif

#if defined(__clang__) && __has_cpp_attribute(clang::coro_return_type) && \
    __has_cpp_attribute(clang::coro_lifetimebound) &&                     \
    __has_cpp_attribute(clang::coro_wrapper)
#define CRECHE_CORO_TASK [[clang::coro_return_type, clang::coro_lifetimebound]]
#define CRECHE_CORO_WRAPPER [[clang::coro_wrapper]]
#define CRECHE_CORO_OWNS_ARGUMENTS [[clang::coro_disable_lifetimebound]]
#else
#define CRECHE_CORO_TASK
#define CRECHE_CORO_WRAPPER
#define CRECHE_CORO_OWNS_ARGUMENTS
#endif

// Around templates of coroutines that take callables. g++ warns that their
// frames have fields without linkage where a program calls them with a closure
// of a coroutine that is a template, too. Nobody else can name such a frame.
#if defined(__GNUC__) && !defined(__clang__)
#define CRECHE_CORO_TEMPLATES_BEGIN \
  _Pragma("GCC diagnostic push")    \
      _Pragma("GCC diagnostic ignored \"-Wsubobject-linkage\"")
#define CRECHE_CORO_TEMPLATES_END _Pragma("GCC diagnostic pop")
#else
#define CRECHE_CORO_TEMPLATES_BEGIN
#define CRECHE_CORO_TEMPLATES_END
#endif

#endif  // CRECHE_CORE_INTERNAL_COROUTINE_ATTRIBUTES_H_
