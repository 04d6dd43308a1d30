// SPDX-License-Identifier: Apache-2.0

#include "creche/io/internal/pipe_descriptor.h"

#include "lib/io/blocks_in_place.h"

namespace creche::internal {

PipeDescriptor::PipeDescriptor(int fd)
    : SharedDescriptor(fd), blocks_(BlocksInPlace(fd)) {}

}  // namespace creche::internal
