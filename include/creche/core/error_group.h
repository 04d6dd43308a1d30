// SPDX-License-Identifier: Apache-2.0
//
// Error groups: how several failures travel as one.
//
//   absl::Status status = co_await creche::WithNursery(body);
//   for (const absl::Status& error : creche::Errors(status)) Log(error);

#ifndef CRECHE_CORE_ERROR_GROUP_H_
#define CRECHE_CORE_ERROR_GROUP_H_

#include <exception>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace creche {

// None: OK. One: that very Status. Several: the code of the first, a message
// that names all (the first 32, if there are more), and all of them inside, for
// Errors(). OK ones are left out. To add to a group costs no more if it is
// large.
//
// What is inside belongs to a payload of the group. It stays with every copy of
// the Status, and of its payloads as absl::Cord, on any thread; not with the
// payload's text, which is only for people.
absl::Status GroupErrors(std::vector<absl::Status> errors);

// All errors in `status`, in order of arrival, groups in groups flattened. None
// if it is OK; itself if it is not a group.
std::vector<absl::Status> Errors(const absl::Status& status);

// An absl::Status as an exception.
class StatusError : public std::exception {
 public:
  // Carries `status`.
  explicit StatusError(absl::Status status);

  // The Status, and its text.
  const absl::Status& status() const { return status_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  absl::Status status_;
  std::string what_;
};

// What a nursery throws if anything in it has thrown: always a group, also of
// one, since whether a second failure came in time must not decide what a
// handler sees. Statuses of siblings stand in it as StatusError.
class ExceptionGroup : public std::exception {
 public:
  // `exceptions` are in order of arrival; none is null.
  explicit ExceptionGroup(std::vector<std::exception_ptr> exceptions);

  // All of them, in order of arrival; and their text.
  const std::vector<std::exception_ptr>& exceptions() const {
    return exceptions_;
  }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::vector<std::exception_ptr> exceptions_;
  std::string what_;
};

}  // namespace creche

#endif  // CRECHE_CORE_ERROR_GROUP_H_
