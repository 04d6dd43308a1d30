// SPDX-License-Identifier: Apache-2.0

#include "lib/tls/engine_bio.h"

#include <openssl/bio.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "creche/tls/internal/record_buffer.h"

namespace creche::internal {
namespace {

constexpr std::size_t kHeaderSize = 5;

// As much as tells what a peer speaks that does not speak TLS.
constexpr std::size_t kFirstBytes = 8;

}  // namespace

BIO* EngineBio::MakeBio() {
  BIO* bio = BIO_new(Method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

const BIO_METHOD* EngineBio::Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "creche");
    BIO_meth_set_read(made, &EngineBio::Read);
    BIO_meth_set_write(made, &EngineBio::Write);
    BIO_meth_set_ctrl(made, &EngineBio::Control);
    return made;
  }();
  return method;
}

int EngineBio::Read(BIO* bio, char* buffer, int size) {
  auto& self = *static_cast<EngineBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  const std::size_t taken =
      std::min(static_cast<std::size_t>(size), self.input_.size());
  if (taken == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::copy_n(self.input_.data(), taken, buffer);
  self.FollowRecords(self.input_.substr(0, taken));
  self.input_.remove_prefix(taken);
  return static_cast<int>(taken);
}

int EngineBio::Write(BIO* bio, const char* data, int size) {
  auto& self = *static_cast<EngineBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.output_.empty()) self.output_ = TakeBuffer();
  self.output_.append(data, static_cast<std::size_t>(size));
  return size;
}

void EngineBio::RemoveOutput(std::size_t size) {
  output_.erase(0, size);
  if (output_.empty()) GiveBackBuffer(TakeOutput());
}

long EngineBio::Control(BIO* /*bio*/, int command, long /*number*/,
                        void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

void EngineBio::FollowRecords(absl::string_view taken) {
  if (first_bytes_.size() < kFirstBytes) {
    const absl::string_view more =
        taken.substr(0, kFirstBytes - first_bytes_.size());
    first_bytes_.append(more.data(), more.size());
  }
  while (!taken.empty()) {
    if (header_size_ < kHeaderSize) {
      // The last two bytes are the length, the higher one first.
      const auto byte = static_cast<unsigned char>(taken.front());
      if (header_size_ >= kHeaderSize - 2) {
        left_of_record_ = left_of_record_ << 8 | byte;
      }
      ++header_size_;
      taken.remove_prefix(1);
    } else {
      const std::size_t size = std::min(left_of_record_, taken.size());
      left_of_record_ -= size;
      taken.remove_prefix(size);
    }
    if (header_size_ == kHeaderSize && left_of_record_ == 0) header_size_ = 0;
  }
}

}  // namespace creche::internal
