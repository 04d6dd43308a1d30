// SPDX-License-Identifier: Apache-2.0
//
// EngineBio: what OpenSSL reads from and writes to in the place of a socket:
// bytes in memory.

#ifndef CRECHE_LIB_TLS_ENGINE_BIO_H_
#define CRECHE_LIB_TLS_ENGINE_BIO_H_

#include <openssl/bio.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace creche::internal {

// OpenSSL's own BIO_s_mem would copy the input once more, and keep 5 KiB for
// each connection.
//
// OpenSSL does not hear of the end of the input, only that there is none for
// now: an end that it does not expect is an error to it after which nothing can
// be sent.
class EngineBio {
 public:
  EngineBio() = default;
  EngineBio(const EngineBio&) = delete;
  EngineBio& operator=(const EngineBio&) = delete;

  // For SSL_set_bio(), which owns it. It must not outlive this object.
  BIO* MakeBio();

  // Requires: the input before it is used up.
  void SetInput(absl::string_view input) { input_ = input; }
  void EndInput() { has_ended_ = true; }
  absl::string_view input() const { return input_; }
  bool has_ended() const { return has_ended_; }
  // Whether the input has ended, or stands, between two records.
  bool is_between_records() const {
    return header_size_ == 0 && left_of_record_ == 0;
  }
  // The first bytes that have come.
  const std::string& first_bytes() const { return first_bytes_; }

  const std::string& output() const { return output_; }
  std::string TakeOutput() { return std::exchange(output_, std::string()); }
  void RemoveOutput(std::size_t size);

 private:
  static int Read(BIO* bio, char* buffer, int size);
  static int Write(BIO* bio, const char* data, int size);
  static long Control(BIO* bio, int command, long, void*);
  static const BIO_METHOD* Method();

  // Follows the records in what OpenSSL takes (RFC 8446, 5.1: five bytes, of
  // which the last two say how many come after them).
  void FollowRecords(absl::string_view taken);

  absl::string_view input_;
  bool has_ended_ = false;
  std::string output_;

  std::string first_bytes_;
  std::size_t header_size_ = 0;  // How much of the next record's there is.
  std::size_t left_of_record_ = 0;
};

}  // namespace creche::internal

#endif  // CRECHE_LIB_TLS_ENGINE_BIO_H_
