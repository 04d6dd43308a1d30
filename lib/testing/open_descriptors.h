// SPDX-License-Identifier: Apache-2.0
//
// OpenDescriptors: the file descriptors this process has open.

#ifndef CRECHE_LIB_TESTING_OPEN_DESCRIPTORS_H_
#define CRECHE_LIB_TESTING_OPEN_DESCRIPTORS_H_

#include <map>
#include <string>

namespace creche::internal {

// Each with what it is: "/etc/passwd", "socket:[4711]".
std::map<int, std::string> OpenDescriptors();

}  // namespace creche::internal

#endif  // CRECHE_LIB_TESTING_OPEN_DESCRIPTORS_H_
