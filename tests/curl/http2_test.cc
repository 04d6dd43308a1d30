// SPDX-License-Identifier: Apache-2.0
//
// HTTP/2 over TLS, against nginx with a certificate of the test's own.

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/curl/http_client.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/test_certificates.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/free_port.h"
#include "tests/support/random_cancellation.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

// What each location answers is what it knows of the request.
constexpr char kLocations[] = R"(
    location /protocol { return 200 $server_protocol; }
    location /connection { return 200 $connection; }
    location /path/ { return 200 $request_uri; }
    location /large { alias LARGE; }
)";

// One for all tests of the process.
class Nginx {
 public:
  static const Nginx& Get() {
    static const Nginx nginx;
    return nginx;
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() { System(absl::StrCat(Command(), " -s stop")); }

  // Whether it runs. If not, its tests cannot.
  bool is_running() const { return is_running_; }
  std::string url() const { return absl::StrCat("https://127.0.0.1:", port_); }
  // Trusts its certificate, and no other.
  HttpClientOptions options() const {
    return HttpClientOptions().set_trusted_file(Path("trusted.pem"));
  }

 private:
  Nginx() {
    const TestCertificates certificates;
    const TestCertificate mine = certificates.Good("127.0.0.1");
    Write("trusted.pem", certificates.trusted_pem());
    Write("chain.pem", mine.chain);
    Write("key.pem", mine.key);
    Write("large", std::string(kLargeSize, 'x'));
    // Somebody else may take the port before nginx does.
    for (int i = 0; i < 10 && !is_running_; ++i) {
      port_ = FreePort();
      Write("nginx.conf", Configuration());
      is_running_ = System(Command());
    }
  }

  std::string Configuration() const {
    std::string locations = kLocations;
    locations.replace(locations.find("LARGE"), 5, Path("large"));
    return absl::StrCat(
        geteuid() == 0 ? "user root;\n" : "", "pid ", Path("nginx.pid"),
        ";\nerror_log ", Path("nginx.log"),
        ";\nevents {}\nhttp {\n  access_log off;\n  client_body_temp_path ",
        Path("body"), ";\n  proxy_temp_path ", Path("proxy"),
        ";\n  fastcgi_temp_path ", Path("fastcgi"), ";\n  uwsgi_temp_path ",
        Path("uwsgi"), ";\n  scgi_temp_path ", Path("scgi"),
        ";\n  keepalive_requests 1000000;\n  server {\n    listen 127.0.0.1:",
        port_, " ssl http2;\n    ssl_certificate ", Path("chain.pem"),
        ";\n    ssl_certificate_key ", Path("key.pem"), ";\n", locations,
        "  }\n}\n");
  }

  static std::string Path(const std::string& name) {
    return absl::StrCat(::testing::TempDir(), "/", name);
  }
  static void Write(const std::string& name, const std::string& text) {
    std::ofstream(Path(name)) << text;
  }
  static std::string Command() {
    return absl::StrCat("PATH=$PATH:/usr/sbin nginx -p ", ::testing::TempDir(),
                        " -c ", Path("nginx.conf"));
  }
  static bool System(const std::string& line) {
    return std::system(
               absl::StrCat(line, " >/dev/null 2>&1 </dev/null").c_str()) == 0;
  }

  static constexpr std::size_t kLargeSize = std::size_t{4} << 20;

  int port_ = 0;
  bool is_running_ = false;
};

class Http2Test : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Nginx::Get().is_running())
        << "no server: apt-get install nginx-light";
  }
};

Task<absl::StatusOr<std::string>> Body(HttpClient& client, std::string path) {
  HttpRequest request(Nginx::Get().url() + path);
  HttpResponse response = co_await Try(client.Fetch(request));
  EXPECT_EQ(response.code, 200);
  co_return std::move(response.body);
}

TEST_F(Http2Test, IsSpokenWithAServerThatOffersIt) {
  RunChecked([]() -> Task<absl::Status> {
    HttpClient client(Nginx::Get().options());
    const std::string protocol = co_await Try(Body(client, "/protocol"));
    EXPECT_EQ(protocol, "HTTP/2.0");
    const std::string large = co_await Try(Body(client, "/large"));
    EXPECT_EQ(large.size(), std::size_t{4} << 20);
    co_return absl::OkStatus();
  });
}

TEST_F(Http2Test, ACertificateThatIsNotTrusted) {
  RunChecked([]() -> Task<absl::Status> {
    HttpClient client;
    const auto body = co_await Body(client, "/protocol");
    EXPECT_TRUE(absl::IsUnauthenticated(body.status())) << body.status();
    EXPECT_THAT(std::string(body.status().message()),
                HasSubstr(": TLS handshake: "));
    co_return absl::OkStatus();
  });
}

TEST_F(Http2Test, ManyShareAConnection) {
  RunChecked([]() -> Task<absl::Status> {
    HttpClient client(Nginx::Get().options().set_max_connections_per_host(1));
    const std::string first = co_await Try(Body(client, "/connection"));
    auto fetch = [&]() -> Task<absl::Status> {
      const std::string mine = co_await Try(Body(client, "/connection"));
      EXPECT_EQ(mine, first);
      co_return absl::OkStatus();
    };
    auto body = [&](Nursery& nursery) -> Task<> {
      for (int i = 0; i < 50; ++i) nursery.StartSoon(fetch);
      co_return;
    };
    co_return co_await WithNursery(body);
  });
}

// A stream that is cancelled is reset; the connection and the streams of others
// go on.
TEST_F(Http2Test, ThousandsOnOneConnectionUnderRandomDeadlines) {
  RandomCancellation trial;
  RunChecked([&]() -> Task<absl::Status> {
    HttpClient client(Nginx::Get().options().set_max_connections_per_host(1));
    const std::string first = co_await Try(Body(client, "/connection"));
    auto fetch = [&](std::string path) -> Task<absl::StatusOr<std::string>> {
      const std::string uri =
          co_await Try(Body(client, absl::StrCat("/path", path)));
      co_return std::string(absl::StripPrefix(uri, "/path"));
    };
    auto fetch_many = [&](unsigned task) -> Task<absl::Status> {
      auto asking = trial.AskMany(task, 250, fetch);
      co_return co_await std::move(asking);
    };
    auto all = [&](Nursery& nursery) -> Task<> {
      for (unsigned i = 0; i < 8; ++i) nursery.StartSoon(fetch_many, i);
      co_return;
    };
    co_await Try(WithNursery(all));
    const std::string last = co_await Try(Body(client, "/connection"));
    EXPECT_EQ(last, first);
    co_return absl::OkStatus();
  });
  trial.ExpectBoth(8 * 250);
}

}  // namespace
}  // namespace creche
