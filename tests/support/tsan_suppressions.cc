// SPDX-License-Identifier: Apache-2.0
//
// What ThreadSanitizer must not report in tests.

#if defined(__SANITIZE_THREAD__)
#define CRECHE_HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CRECHE_HAS_TSAN 1
#endif
#endif

#ifdef CRECHE_HAS_TSAN

extern "C" const char* __tsan_default_suppressions();

// Debian's Abseil is compiled without ThreadSanitizer, which therefore does not
// see the guard of the static table there: the first two threads that ask for
// the name of an error are reported, if they do so at once. (By its library,
// too: where there is no llvm-symbolizer, functions have no names.)
extern "C" const char* __tsan_default_suppressions() {
  return "race:base_internal::StrError\nrace:libabsl_strerror\n";
}

#endif  // CRECHE_HAS_TSAN
