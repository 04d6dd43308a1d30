// SPDX-License-Identifier: Apache-2.0
//
// The examples of include/creche/testing/, compiled and tested.

#include "creche/testing/testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/creche.h"
#include "creche/testing/tls/mangled_stream.h"
#include "creche/testing/tls/test_certificates.h"
#include "creche/testing/tls/tls_pair.h"
#include "creche/uring/file_descriptor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace {

using ::testing::HasSubstr;

TEST(CrawlerTest, GivesPermitsBack) {
  creche::Semaphore permits(2);
  auto body = [&]() -> creche::Task<> {
    creche::Permit permit = co_await permits.Acquire();
    co_await creche::SleepFor(absl::Seconds(1));
  };
  auto check = [&] { EXPECT_EQ(permits.available(), 2u); };
  creche::CancelEverywhere(body, check);
}

auto MyStreamPair() { return creche::MemoryStreamPair(); }

TEST(MyStreamTest, IsAByteStream) {
  // Two connected ends.
  creche::CheckTwoWayStream([] { return MyStreamPair(); });
}

struct Client {
  creche::Task<std::string> Ping() { co_return "pong"; }
};
creche::Task<absl::StatusOr<Client>> Connect() { co_return Client(); }

CRECHE_TEST(ClientTest, Connects) {
  absl::StatusOr<Client> client = co_await Connect();
  CO_ASSERT_OK(client);
  CO_ASSERT_EQ(co_await client->Ping(), "pong") << "after connecting";
}

CRECHE_TEST(EventTest, WakesItsWaiters) {
  creche::Event event;
  auto set_later = [&]() -> creche::Task<> {
    co_await creche::SleepFor(absl::Hours(1));
    event.Set();
  };
  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    nursery.StartSoon(set_later);
    co_await event.Wait();
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
}

CRECHE_TEST(ExampleTest, ExpectCheckpoint) {
  creche::Event event;
  event.Set();
  co_await creche::ExpectCheckpoint(event.Wait());
}

std::uint16_t port = 0;

// A socket on `port`, for which the kernel completes connections.
creche::FileDescriptor Listen() {
  creche::FileDescriptor listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.get(), generic, size) == 0 &&
      listen(listener.get(), 1000) == 0 &&
      getsockname(listener.get(), generic, &size) == 0) {
    port = ntohs(address.sin_port);
  }
  return listener;
}
const creche::FileDescriptor listener = Listen();

TEST(ClientTest, SurvivesTheKernel) {
  auto body = []() -> creche::Task<absl::Status> {
    creche::TcpStream stream =
        co_await creche::Try(creche::ConnectTcp("127.0.0.1", port));
    co_return co_await stream.SendAll("hello");
  };
  creche::FailEverywhere(body);
}

creche::Task<> Body() { co_await creche::SleepFor(absl::Hours(1)); }

TEST(ExampleTest, FakePort) {
  creche::FakePort port;
  creche::MockClock clock;
  absl::Status status = creche::Run({.clock = &clock, .port = &port}, Body);
  EXPECT_TRUE(status.ok());
}

creche::Task<absl::Status> Serve(creche::MemoryStream stream) {
  std::string received(5, ' ');
  absl::StatusOr<std::size_t> size =
      co_await stream.ReceiveSome(absl::MakeSpan(received));
  co_return size.status();
}

creche::Task<absl::Status> TalkInMemory(creche::Nursery& nursery) {
  auto [client, server] = creche::MemoryStreamPair();
  nursery.StartSoon(Serve, std::move(server));
  co_await creche::Try(client.SendAll("hello"));
  co_return absl::OkStatus();
}

CRECHE_TEST(ExampleTest, MemoryStreams) {
  CO_ASSERT_OK(co_await creche::WithNursery(TalkInMemory));
}

TEST(ExampleTest, MockClock) {
  // Jumps to the next deadline whenever every task waits.
  creche::MockClock clock;
  auto nap = []() -> creche::Task<> {
    co_await creche::SleepFor(absl::Hours(1));  // Takes no time.
  };
  absl::Status status = creche::Run({.clock = &clock}, nap);
  EXPECT_TRUE(status.ok());
}

CRECHE_TEST(ExampleTest, Sequencer) {
  std::vector<int> order;
  auto First = [&] { order.push_back(1); };
  auto Second = [&] { order.push_back(2); };
  auto Third = [&] { order.push_back(3); };

  creche::Sequencer sequence;

  auto one = [&]() -> creche::Task<> {
    // In one task:
    {
      auto turn = co_await sequence(0);
      First();
    }
    {
      auto turn = co_await sequence(2);
      Third();
    }
  };

  auto another = [&]() -> creche::Task<> {
    // In another:
    {
      auto turn = co_await sequence(1);
      Second();
    }
  };

  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    nursery.StartSoon(one);
    nursery.StartSoon(another);
    co_return;
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
  EXPECT_THAT(order, ::testing::ElementsAre(1, 2, 3));
}

creche::Task<> ClientAndServer() { co_return; }

TEST(ExampleTest, SimulatedNetwork) {
  creche::SimulatedNetwork network({.seed = 1, .break_probability = 0.01});
  absl::Status status = creche::Run(
      {.clock = &network.clock(), .port = &network.port()}, ClientAndServer);
  EXPECT_TRUE(status.ok());
}

creche::Task<absl::StatusOr<std::string>> Fetch(std::string url) {
  if (url == "bad") co_return absl::NotFoundError("no such page");
  co_return "hello";
}

creche::Task<> MatchStatuses(creche::MemoryStream& stream, std::string url,
                             std::string bad) {
  EXPECT_THAT(co_await stream.SendAll("x"), creche::IsOk());
  EXPECT_THAT(co_await Fetch(url), creche::IsOkAndHolds(HasSubstr("hello")));
  EXPECT_THAT(co_await Fetch(bad),
              creche::StatusIs(absl::StatusCode::kNotFound));
}

CRECHE_TEST(ExampleTest, StatusMatchers) {
  auto [client, server] = creche::MemoryStreamPair();
  co_await MatchStatuses(client, "good", "bad");
}

creche::Task<> Wait(creche::Event& event) { co_await event.Wait(); }

CRECHE_TEST(ExampleTest, WaitAllTasksBlocked) {
  creche::Event event;
  auto Client = Wait;
  auto body = [&](creche::Nursery& nursery) -> creche::Task<> {
    nursery.StartSoon(Client, std::ref(event));
    co_await creche::WaitAllTasksBlocked();
    EXPECT_EQ(event.statistics().tasks_waiting, 1u);  // It has got there.
    event.Set();
  };
  CO_ASSERT_OK(co_await creche::WithNursery(body));
}

// tls/mangled_stream.h

TEST(ExampleTest, MangledStream) {
  auto [client_end, server_end] = creche::MemoryStreamPair();
  creche::MangledStream mangled(
      creche::AnyStream(std::move(client_end)),
      creche::Mangling().set_max_piece(3).set_cut_after(1000));
}

// tls/test_certificates.h

TEST(ExampleTest, TestCertificates) {
  creche::TestCertificates certificates;
  creche::TestCertificate server = certificates.Good("localhost");
  creche::TlsServerOptions().set_certificate_pem(server.chain, server.key);
  creche::TlsClientOptions().set_trusted_pem(certificates.trusted_pem());
}

// tls/tls_pair.h

creche::Task<absl::Status> TlsPairExample() {
  auto [client, server] = co_await creche::Try(creche::TlsPair());
  co_await creche::Try(client.SendAll("hello"));
  co_return absl::OkStatus();
}

CRECHE_TEST(ExampleTest, TlsPair) { CO_ASSERT_OK(co_await TlsPairExample()); }

}  // namespace
