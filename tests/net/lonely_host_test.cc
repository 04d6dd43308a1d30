// SPDX-License-Identifier: Apache-2.0
//
// A host whose addresses and ports are few. Needs a network of its own.

#include <linux/ipv6.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "creche/core/task.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/resolve.h"
#include "creche/net/socket_address.h"
#include "creche/testing/status_matchers.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"
#include "tests/support/own_network.h"
#include "tests/support/run_checked.h"

namespace creche {
namespace {

bool AddIpv6Address(const char* host, std::string& why) {
  const SocketAddress address = *SocketAddress::Parse(host, 0);
  const FileDescriptor fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  in6_ifreq request = {};
  std::memcpy(&request.ifr6_addr,
              &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr,
              sizeof(request.ifr6_addr));
  request.ifr6_prefixlen = 128;
  request.ifr6_ifindex = static_cast<int>(if_nametoindex("lo"));
  return !Fails(host, ioctl(fd.get(), SIOCSIFADDR, &request), why);
}

TEST(LonelyHostTest, FindsLoopbackNamesOfAFamilyItHasNotOtherwise) {
  std::string why;
  if (!LeaveTheWorld(why) || !AddIpv6Address("2001:db8::1", why) ||
      !ReplaceFile("/etc/hosts", "127.0.0.1 four.test\n", why) ||
      !ReplaceFile("/etc/nsswitch.conf", "hosts: files\n", why)) {
    GTEST_SKIP() << "not permitted here: " << why;
  }
  RunChecked([]() -> Task<> {
    auto resolve = Resolve("four.test", "80");
    const auto addresses = co_await std::move(resolve);
    EXPECT_THAT(addresses, IsOk());
    if (addresses.ok()) {
      EXPECT_EQ(addresses->front().ToString(), "127.0.0.1:80");
    }
  });
}

// The only port that the system can choose is the one that the connection is
// for.
TEST(LonelyHostTest, DoesNotConnectToItself) {
  constexpr int kPort = 50001;
  std::string why;
  if (!LeaveTheWorld(why)) GTEST_SKIP() << "not permitted here: " << why;
  std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
  range << kPort << " " << kPort << std::endl;
  if (!range) GTEST_SKIP() << "not permitted here: a range of ports";
  RunChecked([]() -> Task<> {
    const SocketAddress address = *SocketAddress::Parse("127.0.0.1", kPort);
    auto connect = ConnectTcp(address);
    EXPECT_THAT(co_await std::move(connect),
                StatusIs(absl::StatusCode::kUnavailable));
    // Who asks for it gets it.
    auto on_purpose =
        ConnectTcp(address, ConnectOptions().set_local_address(address));
    EXPECT_THAT(co_await std::move(on_purpose), IsOk());
  });
}

}  // namespace
}  // namespace creche
