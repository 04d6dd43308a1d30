// SPDX-License-Identifier: Apache-2.0

#include "creche/process/command.h"

#include <cctype>
#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace creche {
namespace {

// Longer texts are no help.
constexpr size_t kMaxArgumentShown = 200;

bool NeedsQuotes(absl::string_view text) {
  for (const char character : text) {
    const bool is_plain =
        std::isalnum(static_cast<unsigned char>(character)) != 0 ||
        absl::string_view("-_./=:,+@%").find(character) !=
            absl::string_view::npos;
    if (!is_plain) return true;
  }
  return text.empty();
}

std::string Quoted(absl::string_view text) {
  const bool is_cut = text.size() > kMaxArgumentShown;
  const absl::string_view shown = text.substr(0, kMaxArgumentShown);
  const char* const rest = is_cut ? "..." : "";
  if (!NeedsQuotes(shown)) return absl::StrCat(shown, rest);
  return absl::StrCat("'", absl::CHexEscape(shown), rest, "'");
}

}  // namespace

std::string Command::ToString() const {
  std::string text = Quoted(program_);
  for (const std::string& argument : arguments_) {
    if (text.size() > kMaxArgumentShown) return absl::StrCat(text, " ...");
    absl::StrAppend(&text, " ", Quoted(argument));
  }
  return text;
}

}  // namespace creche
