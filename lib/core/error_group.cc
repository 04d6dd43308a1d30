// SPDX-License-Identifier: Apache-2.0

#include "creche/core/error_group.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "creche/core/internal/exceptions.h"
#include "creche/core/internal/failure.h"
#include "lib/core/group_members.h"

namespace creche {

using internal::GroupMembers;

namespace {

// What an exception says of itself.
std::string Describe(const std::exception_ptr& exception) {
#if defined(__cpp_exceptions)
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception of unknown type";
  }
#else
  static_cast<void>(exception);
  return "an exception";
#endif
}

}  // namespace

absl::Status GroupErrors(std::vector<absl::Status> errors) {
  std::erase_if(errors, [](const absl::Status& error) { return error.ok(); });
  if (errors.empty()) return absl::OkStatus();
  if (errors.size() == 1) return std::move(errors.front());
  const absl::StatusCode code = errors.front().code();
  const auto members = std::make_shared<const GroupMembers>(std::move(errors));
  absl::Status group(code, members->Describe());
  internal::AttachMembers(members, group);
  return group;
}

std::vector<absl::Status> Errors(const absl::Status& status) {
  if (status.ok()) return {};
  const auto members = internal::MembersOf(status);
  if (members == nullptr) return {status};
  return members->Leaves();
}

StatusError::StatusError(absl::Status status)
    : status_(std::move(status)), what_(status_.ToString()) {}

ExceptionGroup::ExceptionGroup(std::vector<std::exception_ptr> exceptions)
    : exceptions_(std::move(exceptions)) {
  what_ = absl::StrCat(
      exceptions_.size(),
      exceptions_.size() == 1 ? " exception: " : " exceptions: ",
      absl::StrJoin(exceptions_, "; ",
                    [](std::string* out, const std::exception_ptr& exception) {
                      absl::StrAppend(out, Describe(exception));
                    }));
}

namespace internal {

std::string Failure::Describe() const {
  return is_exception()
             ? creche::Describe(exception_)
             : status_.ToString(absl::StatusToStringMode::kWithNoExtraData);
}

absl::Status RaiseFailures(std::vector<Failure> failures) {
  if (failures.empty()) [[likely]]
    return absl::OkStatus();
  std::vector<absl::Status> statuses;
  statuses.reserve(failures.size());
#if defined(__cpp_exceptions)
  bool any_thrown = false;
  for (const Failure& failure : failures) {
    any_thrown = any_thrown || failure.is_exception();
  }
  if (any_thrown) {
    std::vector<std::exception_ptr> exceptions;
    exceptions.reserve(failures.size());
    for (Failure& failure : failures) {
      exceptions.push_back(failure.is_exception()
                               ? std::move(failure.exception_)
                               : std::make_exception_ptr(
                                     StatusError(std::move(failure.status_))));
    }
    throw ExceptionGroup(std::move(exceptions));
  }
#endif
  for (Failure& failure : failures) {
    statuses.push_back(std::move(failure.status_));
  }
  return GroupErrors(std::move(statuses));
}

}  // namespace internal
}  // namespace creche
