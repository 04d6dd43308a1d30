// SPDX-License-Identifier: Apache-2.0
//
// PostgresServer: a server of Debian's postgresql-15 in a directory of its own,
// for the tests of one process.

#ifndef CRECHE_TESTS_POSTGRES_POSTGRES_SERVER_H_
#define CRECHE_TESTS_POSTGRES_POSTGRES_SERVER_H_

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace creche {

// Listens in its directory, where no port can be taken by another test's; and
// on a port of 127.0.0.1, once it has a certificate. initdb refuses root, so
// then it all belongs to `nobody`.
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
    Stop();
    Shell(absl::StrCat("rm -rf ", directory_));
  }

  // Whether it runs. If not, its tests cannot.
  bool is_running() const { return is_running_; }
  const std::string& directory() const { return directory_; }

  std::string conninfo() const {
    return absl::StrCat("host=", directory_, " user=test dbname=postgres");
  }

  // A server of its own, with a certificate.
  static std::unique_ptr<PostgresServer> WithCertificate(
      const std::string& chain, const std::string& key) {
    std::unique_ptr<PostgresServer> server(new PostgresServer);
    server->WriteFile("chain.pem", chain);
    server->WriteFile("key.pem", key);
    server->Stop();
    // Somebody else may have the port.
    for (int port = 20000; port < 20050; ++port) {
      server->port_ = port;
      server->is_running_ = server->Start(
          absl::StrCat("-c listen_addresses=127.0.0.1 -p ", port, " -c ssl=on ",
                       "-c ssl_cert_file=", server->directory_, "/chain.pem ",
                       "-c ssl_key_file=", server->directory_, "/key.pem"));
      if (server->is_running_) break;
    }
    return server;
  }
  // On 127.0.0.1.
  int port() const { return port_; }

  // Readable for the server only.
  void WriteFile(const std::string& name, const std::string& text) const {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::ofstream(path) << text;
    Shell(absl::StrCat("chmod 600 ", path, " && chown --reference=", directory_,
                       " ", path));
  }

  // As the user whose the server is.
  static bool RunAsServer(const std::string& line) {
    return Shell(absl::StrCat(
        geteuid() == 0 ? "setpriv --reuid nobody --clear-groups " : "", line));
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
                  Start("-c listen_addresses=''");
  }

  bool Start(const std::string& options) const {
    return Command("pg_ctl -D ", directory_, "/data -w -l ", directory_,
                   "/log -o \"", options,
                   " -c fsync=off -c max_connections=50 -k ", directory_,
                   "\" start");
  }
  void Stop() const {
    Command("pg_ctl -D ", directory_, "/data -m immediate -w stop");
  }

  template <typename... Parts>
  static bool Command(const Parts&... parts) {
    return RunAsServer(absl::StrCat("/usr/lib/postgresql/15/bin/", parts...));
  }

  static bool Shell(const std::string& line) {
    return std::system(
               absl::StrCat("cd /tmp && ", line, " >/dev/null 2>&1 </dev/null")
                   .c_str()) == 0;
  }

  std::string directory_;
  bool is_running_ = false;
  int port_ = 0;
};

}  // namespace creche

#endif  // CRECHE_TESTS_POSTGRES_POSTGRES_SERVER_H_
