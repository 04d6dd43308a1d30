// SPDX-License-Identifier: Apache-2.0

#include "creche/net/socket_address.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace creche {
namespace {

using std::string_literals::operator""s;

TEST(SocketAddressTest, ParsesAndPrintsIpAddresses) {
  const struct {
    const char* host;
    int family;
    const char* printed;
  } cases[] = {
      {"127.0.0.1", AF_INET, "127.0.0.1:80"},
      {"0.0.0.0", AF_INET, "0.0.0.0:80"},
      {"::1", AF_INET6, "[::1]:80"},
      {"[::1]", AF_INET6, "[::1]:80"},
      {"::ffff:1.2.3.4", AF_INET6, "[::ffff:1.2.3.4]:80"},
      {"fe80::1%1", AF_INET6, "[fe80::1%1]:80"},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<SocketAddress> address =
        SocketAddress::Parse(c.host, 80);
    ASSERT_THAT(address, IsOk());
    EXPECT_EQ(address->family(), c.family);
    EXPECT_EQ(address->port(), 80);
    EXPECT_EQ(address->ToString(), c.printed);
  }
}

TEST(SocketAddressTest, RefusesWhatIsNotAnAddress) {
  const std::string bad[] = {"",           "localhost",
                             "256.0.0.1",  "1.2.3",
                             "::1::",      "[::1",
                             "[1.2.3.4]",  "fe80::1%nosuch",
                             "fe80::1%",   "fe80::1% 1",
                             "fe80::1%1 ", "fe80::1%+1",
                             "fe80::1%-1", "fe80::1%4294967296",
                             "1.2.3.4 ",   "127.0.0.1\0x"s,
                             "::1\0x"s,    std::string(100'000, '1')};
  for (const std::string& host : bad) {
    const absl::Status status = SocketAddress::Parse(host, 80).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << host;
    EXPECT_LT(status.message().size(), 1000U);
  }
}

TEST(SocketAddressTest, HasUnixPathsAndNames) {
  EXPECT_EQ(SocketAddress::Unix("/run/x")->ToString(), "/run/x");
  EXPECT_EQ(SocketAddress::UnixAbstract("x\0y"s)->ToString(), "@x\\x00y");
  EXPECT_THAT(SocketAddress::Unix(std::string(107, 'x')), IsOk());
  EXPECT_FALSE(SocketAddress::Unix(std::string(108, 'x')).ok());
  EXPECT_FALSE(SocketAddress::Unix("").ok());
  EXPECT_FALSE(SocketAddress::Unix("a\0b"s).ok());
  EXPECT_FALSE(SocketAddress::UnixAbstract(std::string(108, 'x')).ok());
}

TEST(SocketAddressTest, ComparesAndCopies) {
  const SocketAddress one = *SocketAddress::Parse("127.0.0.1", 1);
  SocketAddress other = *SocketAddress::Parse("127.0.0.1", 2);
  EXPECT_NE(one, other);
  other.set_port(1);
  EXPECT_EQ(one, other);
  EXPECT_EQ(SocketAddress::FromKernel(one.data(), one.size()), one);
  const SocketAddress mapped = *SocketAddress::Parse("::ffff:127.0.0.1", 1);
  EXPECT_NE(mapped, one);
  EXPECT_EQ(SocketAddress::FromKernel(mapped.data(), mapped.size()), one);
  EXPECT_EQ(SocketAddress().ToString(), "(no address)");
  EXPECT_EQ(SocketAddress::FromKernel(nullptr, 0), SocketAddress());
}

}  // namespace
}  // namespace creche
