// SPDX-License-Identifier: Apache-2.0
//
// PostgresServer: a server of Debian's postgresql-15 in a directory of its own,
// for the tests of one process.

#ifndef CRECHE_TESTS_POSTGRES_POSTGRES_SERVER_H_
#define CRECHE_TESTS_POSTGRES_POSTGRES_SERVER_H_

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace creche {

// Listens in its directory only: no port to be taken by another test's.
// initdb refuses root, so then it all belongs to `nobody`.
class PostgresServer {
 public:
  // Started at the first call, stopped at the end of the process.
  static const PostgresServer& Get() {
    static const PostgresServer server;
    return server;
  }

  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() {
    Command("pg_ctl -D ", directory_, "/data -m immediate -w stop");
    Shell(absl::StrCat("rm -rf ", directory_));
  }

  // Whether it runs. If not, its tests cannot.
  bool is_running() const { return is_running_; }
  const std::string& directory() const { return directory_; }

  std::string conninfo() const {
    return absl::StrCat("host=", directory_, " user=test dbname=postgres");
  }

 private:
  PostgresServer() {
    // Short: the path of a Unix-domain socket has 107 bytes.
    char name[] = "/tmp/creche_pg_XXXXXX";
    if (mkdtemp(name) == nullptr) return;
    directory_ = name;
    if (geteuid() == 0) Shell(absl::StrCat("chown nobody ", directory_));
    is_running_ = Command("initdb -D ", directory_,
                          "/data -U test -A trust -N --no-locale -E UTF8") &&
                  Command("pg_ctl -D ", directory_, "/data -w -l ", directory_,
                          "/log -o \"-c listen_addresses='' -c fsync=off "
                          "-c max_connections=50 -k ",
                          directory_, "\" start");
  }

  template <typename... Parts>
  static bool Command(const Parts&... parts) {
    const std::string user =
        geteuid() == 0 ? "setpriv --reuid nobody --clear-groups " : "";
    return Shell(absl::StrCat(user, "/usr/lib/postgresql/15/bin/", parts...));
  }

  static bool Shell(const std::string& line) {
    return std::system(
               absl::StrCat("cd /tmp && ", line, " >/dev/null 2>&1 </dev/null")
                   .c_str()) == 0;
  }

  std::string directory_;
  bool is_running_ = false;
};

}  // namespace creche

#endif  // CRECHE_TESTS_POSTGRES_POSTGRES_SERVER_H_
