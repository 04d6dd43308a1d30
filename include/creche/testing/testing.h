// SPDX-License-Identifier: Apache-2.0
//
// Everything of the testing kit. See docs/testing.md.

#ifndef CRECHE_TESTING_TESTING_H_
#define CRECHE_TESTING_TESTING_H_

#include "creche/testing/cancel_everywhere.h"       // IWYU pragma: export
#include "creche/testing/check_stream.h"            // IWYU pragma: export
#include "creche/testing/co_assert.h"               // IWYU pragma: export
#include "creche/testing/creche_test.h"             // IWYU pragma: export
#include "creche/testing/expect_checkpoint.h"       // IWYU pragma: export
#include "creche/testing/fail_everywhere.h"         // IWYU pragma: export
#include "creche/testing/fake_port.h"               // IWYU pragma: export
#include "creche/testing/features_to_test.h"        // IWYU pragma: export
#include "creche/testing/memory_stream.h"           // IWYU pragma: export
#include "creche/testing/mock_clock.h"              // IWYU pragma: export
#include "creche/testing/sequencer.h"               // IWYU pragma: export
#include "creche/testing/simulated_network.h"       // IWYU pragma: export
#include "creche/testing/status_matchers.h"         // IWYU pragma: export
#include "creche/testing/wait_all_tasks_blocked.h"  // IWYU pragma: export

#endif  // CRECHE_TESTING_TESTING_H_
