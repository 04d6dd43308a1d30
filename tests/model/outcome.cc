// SPDX-License-Identifier: Apache-2.0

#include "tests/model/outcome.h"

#include <exception>
#include <string>

#include "absl/status/status.h"
#include "creche/core/error_group.h"
#include "creche/core/errors.h"

namespace creche::model {
namespace {

std::string NameOf(const absl::Status& error) {
  if (IsTimeout(error)) return "timeout";
  if (error.code() == absl::StatusCode::kFailedPrecondition) {
    return "ended without Started";
  }
  return std::string(error.message());
}

void AppendNames(const absl::Status& status, std::string& out) {
  for (const absl::Status& error : Errors(status)) out += " " + NameOf(error);
}

void AppendNames([[maybe_unused]] const std::exception_ptr& thrown,
                 [[maybe_unused]] std::string& out) {
#if defined(__cpp_exceptions)
  if (thrown == nullptr) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const ExceptionGroup& group) {
    for (const auto& member : group.exceptions()) AppendNames(member, out);
  } catch (const StatusError& error) {
    AppendNames(error.status(), out);
  } catch (const std::exception& error) {
    out += std::string(" ") + error.what();
  }
#endif
}

}  // namespace

std::string NamesOf(const Outcome& outcome) {
  std::string names;
  AppendNames(outcome.status, names);
  AppendNames(outcome.thrown, names);
  return names;
}

}  // namespace creche::model
