// SPDX-License-Identifier: Apache-2.0
//
// The awaitables of postgres/. Uses that need a server are in tests/postgres/.

#include <vector>

#include "absl/status/status.h"
#include "creche/core/task.h"
#include "creche/postgres/postgres_connection.h"
#include "tests/awaitables/awaitable.h"
#include "tests/awaitables/use.h"

namespace creche::awaitables {
namespace {

constexpr const char* kNeedsAServer = "needs a server: tests/postgres/";

Task<absl::Status> ConnectsToNonsense() {
  co_return co_await Refused(PostgresConnection::Connect("nonsense"),
                             absl::IsInvalidArgument);
}

}  // namespace

std::vector<Awaitable> PostgresAwaitables() {
  std::vector<Awaitable> rows = {{"PostgresConnection::Connect", kNeedsAServer,
                                  kNeedsAServer, ConnectsToNonsense}};
  for (const char* name :
       {"PostgresConnection::Execute", "PostgresConnection::ExecuteAll",
        "PostgresConnection::Prepare", "PostgresConnection::ExecutePrepared",
        "PostgresConnection::CopyIn", "PostgresConnection::CopyOut",
        "PostgresConnection::Listen", "WithTransaction"}) {
    rows.push_back({name, kNeedsAServer, kNeedsAServer, kNeedsAServer});
  }
  return rows;
}

}  // namespace creche::awaitables
