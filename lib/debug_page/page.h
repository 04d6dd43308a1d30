// SPDX-License-Identifier: Apache-2.0
//
// kDebugPage: the page that a browser shows.

#ifndef CRECHE_LIB_DEBUG_PAGE_PAGE_H_
#define CRECHE_LIB_DEBUG_PAGE_PAGE_H_

namespace creche::internal {

// HTML with its style and script, and nothing from elsewhere. It asks for
// /state.json once a second while it is seen, and writes what is in there as
// text, never as HTML.
extern const char kDebugPage[];

}  // namespace creche::internal

#endif  // CRECHE_LIB_DEBUG_PAGE_PAGE_H_
