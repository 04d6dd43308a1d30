// SPDX-License-Identifier: Apache-2.0
//
// Streams have names, and what is built on them says in its errors whose they
// are.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/try.h"
#include "creche/io/any_stream.h"
#include "creche/io/buffered_reader.h"
#include "creche/io/buffered_writer.h"
#include "creche/net/tcp_stream.h"
#include "creche/net/unix_socket.h"
#include "creche/testing/creche_test.h"
#include "creche/testing/memory_stream.h"
#include "creche/testing/status_matchers.h"
#include "creche/testing/wait_all_tasks_blocked.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/tcp_pair.h"

namespace creche {
namespace {

using ::testing::HasSubstr;

CRECHE_TEST(StreamNameTest, IsThePeersAddressOrTheDescriptor) {
  TcpPair pair = co_await MakeTcpPair();
  const std::string address = pair.client.peer_address()->ToString();
  EXPECT_EQ(pair.client.name(), address);
  AnyStream any(std::move(pair.client));
  EXPECT_EQ(any.name(), address);
  any.Close();
  EXPECT_EQ(any.name(), address);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what this is about.
  EXPECT_EQ(pair.client.name(), "");
  const auto ends = UnixStream::Pair().value();
  EXPECT_EQ(ends.first.name(), absl::StrCat("descriptor ", ends.first.fd()));
  EXPECT_EQ(AnyStream(MemoryStreamPair().first).name(), "");
}

CRECHE_TEST(StreamNameTest, AReaderNamesThePeer) {
  TcpPair pair = co_await MakeTcpPair();
  const std::string who = absl::StrCat("BufferedReader on ",
                                       pair.client.peer_address()->ToString());
  EXPECT_THAT(co_await pair.server.SendAll("too long"), IsOk());
  pair.server.Close();
  BufferedReader<TcpStream> reader(pair.client);
  const absl::StatusOr<std::string> line = co_await reader.ReadLine(3);
  EXPECT_THAT(line, StatusIs(absl::StatusCode::kResourceExhausted,
                             HasSubstr(who + ": no delimiter in")));
  const absl::StatusOr<std::string> more = co_await reader.ReadExactly(100);
  EXPECT_THAT(more.status().message(),
              HasSubstr(who + ": the stream ended before"));
}

CRECHE_TEST(StreamNameTest, AReaderOfANamelessStreamNamesNobody) {
  auto [sender, receiver] = MemoryStreamPair();
  sender.Close();
  BufferedReader<MemoryStream> reader(receiver);
  const absl::StatusOr<std::string> line = co_await reader.ReadLine();
  EXPECT_THAT(line.status().message(),
              HasSubstr("BufferedReader: the stream ended before"));
}

CRECHE_TEST(StreamNameTest, AWriterThatIsBusyNamesThePeer) {
  TcpPair pair = co_await MakeTcpPair();
  BufferedWriter<TcpStream> writer(pair.client);
  auto body = [&](Nursery& nursery) -> Task<> {
    nursery.StartSoon([&]() -> Task<absl::Status> {
      // More than the kernel takes before anybody receives.
      const std::string much(size_t{16} << 20, 'x');
      co_return co_await writer.Write(much);
    });
    co_await WaitAllTasksBlocked();
    EXPECT_THAT((co_await writer.Flush()).message(),
                HasSubstr(absl::StrCat("BufferedWriter::Flush() on ",
                                       pair.client.name(), ": another task")));
    nursery.Cancel();
  };
  CO_ASSERT_OK(co_await WithNursery(body));
}

}  // namespace
}  // namespace creche
