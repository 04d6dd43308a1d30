// SPDX-License-Identifier: Apache-2.0
//
// ConnectPostgres: what PostgresConnection::Connect() does.

#ifndef CRECHE_LIB_POSTGRES_CONNECT_H_
#define CRECHE_LIB_POSTGRES_CONNECT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/postgres/postgres_options.h"
#include "lib/postgres/postgres_session.h"

namespace creche::internal {

Task<absl::StatusOr<std::shared_ptr<PostgresSession>>> ConnectPostgres(
    std::string conninfo, PostgresOptions options);

}  // namespace creche::internal

#endif  // CRECHE_LIB_POSTGRES_CONNECT_H_
