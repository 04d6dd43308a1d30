// SPDX-License-Identifier: Apache-2.0
//
// Resolve() where the first name server is silent. The second is a task of the
// same run: did getaddrinfo() hold up the run, there would be no answer.
//
// Needs a network and an /etc/resolv.conf of its own: Linux namespaces.

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "creche/core/nursery.h"
#include "creche/core/task.h"
#include "creche/core/timeouts.h"
#include "creche/core/try.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"
#include "creche/net/udp_socket.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/support/own_network.h"
#include "tests/support/run_to_test.h"

namespace creche {
namespace {

using std::string_literals::operator""s;

constexpr char kSilent[] = "127.0.0.2";
constexpr char kTalking[] = "127.0.0.3";

bool HaveTwoNameServers(std::string& why) {
  const std::string servers =
      absl::StrCat("nameserver ", kSilent, "\nnameserver ", kTalking,
                   "\noptions timeout:1 attempts:2\n");
  return LeaveTheWorld(why) && ReplaceFile("/etc/resolv.conf", servers, why) &&
         ReplaceFile("/etc/nsswitch.conf", "hosts: dns\n", why);
}

// The answer to a question for the addresses of a name (RFC 1035, 4.1): one in
// IPv4, none in IPv6.
std::string Answer(absl::string_view question) {
  constexpr size_t kHeader = 12;
  const size_t name_size = question.find('\0', kHeader) + 1 - kHeader;
  const bool wants_v4 = question[kHeader + name_size + 1] == 1;
  std::string answer(question.substr(0, 2));  // Which question it is for.
  answer += "\x81\x80\0\1\0"s;                // No error; one question.
  answer += wants_v4 ? "\1\0\0\0\0"s : "\0\0\0\0\0"s;
  answer += std::string(question.substr(kHeader, name_size + 4));
  // The name of the question; an IPv4 address; for a minute: 192.0.2.7.
  if (wants_v4) answer += "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7"s;
  return answer;
}

UdpSocket NameServer(const char* host) {
  return BindUdp(*SocketAddress::Parse(host, 53)).value();
}

Task<absl::Status> AnswerQuestions(UdpSocket& server, int& answered) {
  char buffer[512];
  for (;;) {
    const ReceivedDatagram question =
        co_await Try(server.ReceiveFrom(absl::MakeSpan(buffer)));
    ++answered;
    const std::string answer = Answer({buffer, question.size});
    co_await Try(server.SendTo(answer, question.from));
  }
}

TEST(DeadNameServerTest, HoldsUpNobodyElse) {
  std::string why;
  if (!HaveTwoNameServers(why)) GTEST_SKIP() << "not permitted here: " << why;
  const UdpSocket silent = NameServer(kSilent);
  auto main = []() -> Task<> {
    UdpSocket talking = NameServer(kTalking);
    int answered = 0;
    auto body = [&](Nursery& nursery) -> Task<> {
      nursery.StartSoon(AnswerQuestions, std::ref(talking), std::ref(answered));
      // The silent one has a second.
      auto impatient = Resolve("name.test", "80");
      const auto given_up =
          co_await MoveOnAfter(absl::Milliseconds(10), std::move(impatient));
      EXPECT_FALSE(given_up.has_value());
      EXPECT_EQ(answered, 0);
      auto patient = Resolve("name.test", "80");
      const auto addresses = co_await std::move(patient);
      EXPECT_THAT(addresses, IsOk());
      if (addresses.ok()) {
        EXPECT_EQ(addresses->size(), 1U);
        EXPECT_EQ(addresses->front().ToString(), "192.0.2.7:80");
      }
      EXPECT_GE(answered, 2);
      nursery.Cancel();
    };
    EXPECT_THAT(co_await WithNursery(body), IsOk());
  };
  EXPECT_THAT(RunToTest(main), IsOk());
}

}  // namespace
}  // namespace creche
