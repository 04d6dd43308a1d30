// SPDX-License-Identifier: Apache-2.0

#include "lib/net/bind.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "creche/net/socket_address.h"
#include "creche/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace creche::internal {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Socket {
 public:
  explicit Socket(int family)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(fd_); }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

std::string Message(const absl::Status& status) {
  return std::string(status.message());
}

TEST(BindTest, GivesThePortThatTheSystemHasPicked) {
  const Socket socket(AF_INET);
  const auto bound =
      Bind(socket.fd(), SocketAddress::Parse("127.0.0.1", 0).value(), "bind");
  ASSERT_THAT(bound, IsOk());
  EXPECT_NE(bound->port(), 0);
}

TEST(BindTest, SaysWhoMayHaveThePort) {
  const Socket first(AF_INET);
  const Socket second(AF_INET);
  const auto taken =
      Bind(first.fd(), SocketAddress::Parse("127.0.0.1", 0).value(), "bind");
  ASSERT_THAT(taken, IsOk());
  const auto error = Bind(second.fd(), *taken, "bind here");
  ASSERT_FALSE(error.ok());
  EXPECT_THAT(Message(error.status()), HasSubstr("bind here"));
  EXPECT_THAT(Message(error.status()), HasSubstr("is another process"));
}

// Not below the tests' own folder, whose path is too long for a socket.
TEST(BindTest, SaysThatAPathStays) {
  char folder[] = "/tmp/bind_test_XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = absl::StrCat(folder, "/socket");
  const auto address = SocketAddress::Unix(path).value();
  {
    const Socket socket(AF_UNIX);
    ASSERT_THAT(Bind(socket.fd(), address, "bind"), IsOk());
  }
  const Socket again(AF_UNIX);
  const auto error = Bind(again.fd(), address, "bind");
  ASSERT_FALSE(error.ok());
  EXPECT_THAT(Message(error.status()), HasSubstr("unlink() the path"));
  unlink(path.c_str());
  rmdir(folder);
}

TEST(BindErrorTest, SaysWhatLowPortsNeed) {
  const auto ip = SocketAddress::Parse("127.0.0.1", 80).value();
  const auto path = SocketAddress::Unix("/root/socket").value();
  EXPECT_THAT(Message(BindError(EACCES, ip, "bind")),
              HasSubstr("CAP_NET_BIND_SERVICE"));
  EXPECT_THAT(Message(BindError(EACCES, path, "bind")),
              Not(HasSubstr("CAP_NET_BIND_SERVICE")));
}

}  // namespace
}  // namespace creche::internal
