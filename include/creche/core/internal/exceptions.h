// SPDX-License-Identifier: Apache-2.0
//
// Exceptions: try and catch that also compile with -fno-exceptions, where
// nothing can be thrown and so nothing need be caught.

#ifndef CRECHE_CORE_INTERNAL_EXCEPTIONS_H_
#define CRECHE_CORE_INTERNAL_EXCEPTIONS_H_

#include <exception>

#if defined(__cpp_exceptions)
#define CRECHE_TRY try
#define CRECHE_CATCH_ALL catch (...)
#define CRECHE_RETHROW throw
#else
#define CRECHE_TRY if (true)
#define CRECHE_CATCH_ALL else
#define CRECHE_RETHROW static_cast<void>(0)
#endif

#endif  // CRECHE_CORE_INTERNAL_EXCEPTIONS_H_
