#include "tests.h"

int main(void)
{
    return test_tree() + test_ledger();
}
