// SPDX-License-Identifier: Apache-2.0
//
// Go's crypto/tls, which shares nothing with OpenSSL, as a client of ours and
// as a server. Each direction is ended by itself, and the second connection
// resumes the session of the first. (Go begins no key update.)

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/core/combinators.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/buffered_reader.h"
#include "creche/net/tcp_listener.h"
#include "creche/process/command.h"
#include "creche/process/process.h"
#include "creche/process/run_process.h"
#include "creche/run.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/tls/connect_tls.h"
#include "creche/tls/serve_tls.h"
#include "creche/tls/tls_context.h"
#include "gtest/gtest.h"
#include "tests/support/path_of.h"

namespace creche {
namespace {

using TcpTls = TlsStream<TcpStream>;

std::string InFile(const std::string& name, const std::string& text) {
  std::string path = PathOf(name);
  std::ofstream(path) << text;
  return path;
}

Task<absl::Status> Build(std::string program) {
  Command go("go");
  go.add_argument("build").add_argument("-o").add_argument(program);
  go.add_argument("tests/tls/go_peer.go");
  go.add_environment("GOCACHE", PathOf("go_cache"));
  go.add_environment("GO111MODULE", "off");
  co_return (co_await RunProcess(go)).status();
}

class TlsGoTest : public ::testing::TestWithParam<TlsVersion> {
 protected:
  // Once for all tests: it takes seconds.
  static void SetUpTestSuite() {
    const absl::Status built = ::creche::Run(Build, Program());
    ASSERT_TRUE(built.ok()) << built << "; apt-get install golang-go";
  }

  static std::string Program() { return PathOf("go_peer"); }

  TlsGoTest() : certificate_(certificates_.Good("127.0.0.1")) {}

  Command GoPeer(absl::string_view mode) const {
    Command peer(Program());
    peer.add_argument(std::string(mode));
    return peer;
  }

  static std::string Version() {
    return GetParam() == TlsVersion::kTls1_2 ? "1.2" : "1.3";
  }

  const TestCertificates certificates_;
  const TestCertificate certificate_;
};

Task<absl::Status> EchoAll(TcpTls& stream) {
  for (;;) {
    char buffer[16384];
    const std::size_t size = co_await Try(stream.ReceiveSome(buffer));
    if (size == 0) break;
    co_await Try(stream.SendAll({buffer, size}));
  }
  co_return co_await stream.Shutdown();
}

Task<> Echo(TcpTls stream) {
  const absl::Status echoed = co_await EchoAll(stream);
  EXPECT_THAT(echoed, IsOk());
}

TEST_P(TlsGoTest, ItsClientsTalkWithAServer) {
  const TlsContext context =
      TlsContext::ForServers(TlsServerOptions().set_certificate_pem(
                                 certificate_.chain, certificate_.key))
          .value();
  const std::string trusted =
      InFile("trusted.pem", certificates_.trusted_pem());
  auto body = [&](Nursery& nursery) -> Task<absl::Status> {
    TcpListener listener = co_await Try(ListenTcp("127.0.0.1", 0));
    Command client = GoPeer("client");
    client.add_argument(absl::StrCat(listener.port()));
    client.add_argument(trusted).add_argument(Version()).capture_output();
    auto serve = [&]() -> Task<absl::Status> {
      co_return co_await ServeTls(std::move(listener), context, Echo);
    };
    nursery.StartSoon(serve);
    const ProcessResult said = co_await Try(RunProcess(client));
    EXPECT_EQ(said.output, "resumed: false\nresumed: true\n");
    nursery.Cancel();
    co_return absl::OkStatus();
  };
  const absl::Status status = ::creche::Run(
      [&]() -> Task<absl::Status> { co_return co_await WithNursery(body); });
  EXPECT_THAT(status, IsOk());
}

// Sends and receives at once; says whether the session was resumed.
Task<absl::StatusOr<bool>> Talk(const TlsContext& context, std::uint16_t port) {
  TcpTls stream = co_await Try(ConnectTls("127.0.0.1", port, context));
  const std::string data(500000, 'x');
  auto send = [&]() -> Task<absl::Status> {
    co_await Try(stream.SendAll(data));
    co_return co_await stream.SendEof();
  };
  std::string received;
  auto receive = [&]() -> Task<absl::Status> {
    for (;;) {
      char buffer[16384];
      const std::size_t size = co_await Try(stream.ReceiveSome(buffer));
      if (size == 0) co_return absl::OkStatus();
      received.append(buffer, size);
    }
  };
  co_await Try(WhenAll(send, receive));
  EXPECT_EQ(received, data);
  const bool is_resumed = stream.info().is_resumed;
  co_await Try(stream.Shutdown());
  co_return is_resumed;
}

TEST_P(TlsGoTest, AClientTalksWithItsServer) {
  const TlsContext context =
      TlsContext::ForClients(
          TlsClientOptions().set_trusted_pem(certificates_.trusted_pem()))
          .value();
  Command command = GoPeer("server");
  command.add_argument(InFile("chain.pem", certificate_.chain));
  command.add_argument(InFile("key.pem", certificate_.key));
  command.add_argument(Version()).pipe_output();
  auto body = [&]() -> Task<absl::Status> {
    Process server = co_await Try(Process::Start(command));
    BufferedReader says(server.output());
    const std::string line = co_await Try(says.ReadLine());
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(line, &port)) << line;
    for (const bool is_resumed : {false, true}) {
      auto talking = Talk(context, static_cast<std::uint16_t>(port));
      const bool was_resumed = co_await Try(std::move(talking));
      EXPECT_EQ(was_resumed, is_resumed);
    }
    co_return (co_await server.Stop()).status();
  };
  const absl::Status status = ::creche::Run(body);
  EXPECT_THAT(status, IsOk());
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsGoTest,
                         ::testing::Values(TlsVersion::kTls1_2,
                                           TlsVersion::kTls1_3),
                         [](const auto& version) -> std::string {
                           return version.param == TlsVersion::kTls1_2
                                      ? "Tls1_2"
                                      : "Tls1_3";
                         });

}  // namespace
}  // namespace creche
