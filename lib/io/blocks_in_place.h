// SPDX-License-Identifier: Apache-2.0
//
// BlocksInPlace: whether reading or writing a file may stop the whole run.

#ifndef CRECHE_LIB_IO_BLOCKS_IN_PLACE_H_
#define CRECHE_LIB_IO_BLOCKS_IN_PLACE_H_

#include <sys/stat.h>

namespace creche::internal {

// io_uring polls a terminal, and then reads or writes it as if that could not
// block: but the line may have been taken by another reader, what is written
// may be more than there is room for, and VMIN asks for more bytes than poll()
// does. So it is with character devices in general, whose drivers decide what
// readiness means. Operations on them are given to a worker (IOSQE_ASYNC).
// False if `fd` is no descriptor.
inline bool BlocksInPlace(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode);
}

}  // namespace creche::internal

#endif  // CRECHE_LIB_IO_BLOCKS_IN_PLACE_H_
