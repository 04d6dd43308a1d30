// SPDX-License-Identifier: Apache-2.0

#include "lib/postgres/connect.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "creche/core/error_group.h"
#include "creche/core/internal/budgeted_checkpoint.h"
#include "creche/core/try.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"
#include "creche/net/wait_readable.h"
#include "lib/postgres/postgres_errors.h"

namespace creche::internal {
namespace {

// By keyword.
using Settings = std::map<std::string, std::string>;

struct OptionsDeleter {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, OptionsDeleter>;

void AddMissing(const PQconninfoOption* options, Settings& settings) {
  for (; options != nullptr && options->keyword != nullptr; ++options) {
    if (options->val != nullptr) {
      settings.emplace(options->keyword, options->val);
    }
  }
}

absl::StatusOr<Settings> Parse(const std::string& conninfo) {
  if (conninfo.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(
        "PostgreSQL: a NUL in the connection string");
  }
  char* error = nullptr;
  const OptionsPtr options(PQconninfoParse(conninfo.c_str(), &error));
  const PostgresPtr<char> owner(error);
  if (options == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "PostgreSQL: the connection string: ",
        absl::StripTrailingAsciiWhitespace(
            error != nullptr ? absl::string_view(error) : "out of memory")));
  }
  Settings settings;
  AddMissing(options.get(), settings);
  return settings;
}

// One server that libpq is to try.
struct Target {
  std::string host;
  std::string address;  // In digits; empty for a socket in the file system.
  std::string port;
};

// libpq would look up its name, and block meanwhile.
bool HasName(const Target& target) {
  return target.address.empty() && !target.host.empty() &&
         target.host[0] != '/' && target.host[0] != '@';
}

// The element for the server number i of a list of libpq's: one that has a
// single element holds for all.
std::string ElementOf(const std::vector<std::string>& list, size_t i) {
  if (list.size() == 1) return list[0];
  return i < list.size() ? list[i] : "";
}

std::vector<std::string> ListOf(const Settings& settings, const char* keyword) {
  const auto found = settings.find(keyword);
  if (found == settings.end() || found->second.empty()) return {};
  return absl::StrSplit(found->second, ',');
}

// Lists of different lengths, which libpq refuses, give none: it shall say why.
std::vector<Target> TargetsOf(const Settings& settings) {
  const auto hosts = ListOf(settings, "host");
  const auto addresses = ListOf(settings, "hostaddr");
  const auto ports = ListOf(settings, "port");
  const size_t count = std::max(hosts.size(), addresses.size());
  if ((!hosts.empty() && hosts.size() != count) ||
      (!addresses.empty() && addresses.size() != count) ||
      (ports.size() > 1 && ports.size() != count)) {
    return {};
  }
  std::vector<Target> targets;
  targets.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    targets.push_back({hosts.empty() ? "" : hosts[i],
                       addresses.empty() ? "" : addresses[i],
                       ElementOf(ports, i)});
  }
  return targets;
}

// A target for each address of its host.
Task<absl::StatusOr<std::vector<Target>>> Resolved(
    std::vector<Target> targets) {
  std::vector<Target> resolved;
  std::vector<absl::Status> errors;
  for (const Target& target : targets) {
    if (!HasName(target)) {
      resolved.push_back(target);
      continue;
    }
    const absl::StatusOr<std::vector<SocketAddress>> addresses =
        co_await Resolve(target.host);
    if (!addresses.ok()) {
      errors.push_back(Annotated(addresses.status(), "PostgreSQL"));
      continue;
    }
    for (const SocketAddress& address : *addresses) {
      resolved.push_back({target.host, address.host(), target.port});
    }
  }
  if (resolved.empty() && !errors.empty()) {
    co_return GroupErrors(std::move(errors));
  }
  co_return resolved;
}

void SetTargets(const std::vector<Target>& targets, Settings& settings) {
  std::vector<std::string> hosts;
  std::vector<std::string> addresses;
  std::vector<std::string> ports;
  for (const Target& target : targets) {
    hosts.push_back(target.host);
    addresses.push_back(target.address);
    ports.push_back(target.port);
  }
  settings["host"] = absl::StrJoin(hosts, ",");
  settings["hostaddr"] = absl::StrJoin(addresses, ",");
  settings["port"] = absl::StrJoin(ports, ",");
}

PostgresPtr<PGconn> Start(const Settings& settings) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : settings) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  return PostgresPtr<PGconn>(
      PQconnectStartParams(keywords.data(), values.data(), 0));
}

// Where PQconnectStart() has failed. What has reached for a server names it.
ConnStatusType PhaseOfStart(const PGconn* connection) {
  return absl::StartsWith(PQerrorMessage(connection), "connection to server")
             ? CONNECTION_STARTED
             : CONNECTION_NEEDED;
}

// libpq prints notices on stderr, unless it is told not to.
void IgnoreNotice(void* /*unused*/, const PGresult* /*notice*/) {}

// Requires: started. libpq may take another socket in each round.
Task<absl::Status> Finish(PGconn* connection) {
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    const ConnStatusType phase = PQstatus(connection);
    if (next == PGRES_POLLING_READING) {
      co_await Try(WaitReadable(PQsocket(connection)));
    } else {
      co_await Try(WaitWritable(PQsocket(connection)));
    }
    next = PQconnectPoll(connection);
    if (next == PGRES_POLLING_FAILED) co_return ConnectError(connection, phase);
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::StatusOr<std::shared_ptr<PostgresSession>>> ConnectPostgres(
    std::string conninfo, PostgresOptions options) {
  co_await BudgetedCheckpoint();
  Settings settings = co_await Try(Parse(conninfo));
  // A service file may name the host, which what the environment says must not
  // replace.
  if (settings.count("service") == 0) {
    const OptionsPtr defaults(PQconndefaults());
    AddMissing(defaults.get(), settings);
  }
  auto resolving = Resolved(TargetsOf(settings));
  const std::vector<Target> targets = co_await Try(std::move(resolving));
  if (!targets.empty()) SetTargets(targets, settings);

  PostgresPtr<PGconn> connection = Start(settings);
  if (connection == nullptr) {
    co_return absl::ResourceExhaustedError("PostgreSQL: out of memory");
  }
  // With the SQLSTATE in it, which is to be had nowhere else.
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  if (PQstatus(connection.get()) == CONNECTION_BAD) {
    co_return ConnectError(connection.get(), PhaseOfStart(connection.get()));
  }
  PQsetNoticeReceiver(connection.get(), IgnoreNotice, nullptr);
  co_await Try(Finish(connection.get()));
  PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection.get(), 1) != 0) {
    co_return ConnectError(connection.get(), CONNECTION_OK);
  }
  co_return std::make_shared<PostgresSession>(std::move(connection), options);
}

}  // namespace creche::internal
