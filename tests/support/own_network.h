// SPDX-License-Identifier: Apache-2.0
//
// LeaveTheWorld: a network, and files below /etc, of this process's own: Linux
// namespaces.

#ifndef CRECHE_TESTS_SUPPORT_OWN_NETWORK_H_
#define CRECHE_TESTS_SUPPORT_OWN_NETWORK_H_

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "creche/uring/file_descriptor.h"
#include "gtest/gtest.h"

namespace creche {

inline bool Fails(const char* what, int result, std::string& why) {
  if (result >= 0) return false;
  why = absl::StrCat(what, ": ", std::strerror(errno));
  return true;
}

inline bool TurnLoopbackOn(std::string& why) {
  const FileDescriptor fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  return !Fails("turn lo on", ioctl(fd.get(), SIOCSIFFLAGS, &request), why);
}

// For this process only. Requires: LeaveTheWorld().
inline bool ReplaceFile(const char* path, absl::string_view contents,
                        std::string& why) {
  const std::string other =
      ::testing::TempDir() + std::strrchr(path, '/') + ".test";
  std::ofstream(other) << contents;
  return !Fails(path, mount(other.c_str(), path, nullptr, MS_BIND, nullptr),
                why);
}

// For the rest of this process there is a loopback interface, and nothing else.
// False, and why, where that is not permitted.
inline bool LeaveTheWorld(std::string& why) {
  constexpr int kNamespaces = CLONE_NEWNS | CLONE_NEWNET;
  if (unshare(kNamespaces) != 0 &&
      Fails("unshare", unshare(kNamespaces | CLONE_NEWUSER), why)) {
    return false;
  }
  // First of all, so that nobody else sees what is mounted here.
  return !Fails("make mounts private",
                mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr),
                why) &&
         TurnLoopbackOn(why);
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_OWN_NETWORK_H_
