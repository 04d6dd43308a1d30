// SPDX-License-Identifier: Apache-2.0
//
// How WithTransaction() works. Included by postgres/postgres_connection.h.

#ifndef CRECHE_POSTGRES_INTERNAL_WITH_TRANSACTION_INL_H_
#define CRECHE_POSTGRES_INTERNAL_WITH_TRANSACTION_INL_H_

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "creche/core/cleanup.h"
#include "creche/core/internal/await_result.h"
#include "creche/core/internal/call.h"
#include "creche/core/internal/coroutine_attributes.h"
#include "creche/core/internal/status_traits.h"
#include "creche/core/results.h"
#include "creche/core/task.h"
#include "creche/postgres/postgres_connection.h"

namespace creche {
namespace internal {

CRECHE_CORO_TEMPLATES_BEGIN

// Errors: as of WithTransaction(). Sets `is_ours` before it can have begun one:
// one that was open before is somebody else's.
Task<absl::Status> BeginTransaction(PostgresConnection& connection,
                                    bool& is_ours);
Task<absl::Status> CommitTransaction(PostgresConnection& connection);
// Ends a transaction that is still open; closes the connection if that fails.
Task<> EndTransaction(PostgresConnection& connection);

template <typename Body>
CRECHE_CORO_WRAPPER auto CallInTransaction(Body& body,
                                           PostgresConnection& connection) {
  if constexpr (std::is_invocable_v<Body&, PostgresConnection&>) {
    return Call(body, connection);
  } else {
    return Call(body);
  }
}

// Whether the body wants a COMMIT.
template <typename R>
absl::Status StatusOfBody(const R& result) {
  if constexpr (kIsStatusLike<R>) {
    return StatusOf(result);
  } else {
    return absl::OkStatus();
  }
}

template <typename R, typename Body>
CRECHE_CORO_OWNS_ARGUMENTS Task<StatusOrOf<R>> RunTransaction(
    PostgresConnection& connection, Body body) {
  bool is_ours = false;
  auto work = [&]() -> Task<StatusOrOf<R>> {
    absl::Status status = co_await BeginTransaction(connection, is_ours);
    if (!status.ok()) co_return status;
    if constexpr (std::is_void_v<R>) {
      co_await CallInTransaction(body, connection);
      co_return co_await CommitTransaction(connection);
    } else {
      R result = co_await CallInTransaction(body, connection);
      if (!StatusOfBody(result).ok()) co_return result;
      status = co_await CommitTransaction(connection);
      if (!status.ok()) co_return status;
      co_return result;
    }
  };
  auto end = [&]() -> Task<> {
    if (is_ours) co_await EndTransaction(connection);
  };
  co_return co_await WithCleanup(work, end);
}

CRECHE_CORO_TEMPLATES_END

}  // namespace internal

template <typename Body>
CRECHE_CORO_WRAPPER auto WithTransaction(PostgresConnection& connection,
                                         Body body) {
  using R = internal::AwaitResult<decltype(internal::CallInTransaction(
      std::declval<Body&>(), connection))>;
  return internal::RunTransaction<R, Body>(connection, std::move(body));
}

}  // namespace creche

#endif  // CRECHE_POSTGRES_INTERNAL_WITH_TRANSACTION_INL_H_
