#!/bin/bash
# run_without.sh FEATURES TEST: the test, as if the kernel had no such features.
# See creche/testing/features_to_test.h.
CRECHE_WITHOUT=$1 exec "$2"
