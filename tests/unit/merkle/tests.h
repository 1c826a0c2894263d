/* The parts of test-merkle. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

int test_tree(void);
int test_ledger(void);
