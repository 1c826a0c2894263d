/* Named points at which a test lets a process die, to see that nothing is lost and nothing happens twice
 * (tests/faults.txt says what must hold at each). They are there only in a build with -Dfaults=true; in any other the
 * macro is empty. A point is named after its process: FAULT("signer:journal-synced").
 *
 * HUFU_FAULT="signer:journal-synced" ends the process when it comes there; "signer:journal-synced=3" at the third time.
 * `hufu serve` hands the variable to that process alone, and only when it starts it for the first time. A layer that
 * stands in several processes names its points after itself; then the process is said: "signer@ledger:synced". */
#pragma once

#ifdef HUFU_FAULTS
#define FAULT(name)                      \
    do {                                 \
        static unsigned times_;          \
        fault_reached((name), &times_);  \
    } while (0)
/* Counts in TIMES; does not return when HUFU_FAULT says so: _exit(FAULT_STATUS), nothing flushed or unwound. */
enum { FAULT_STATUS = 137 };
void fault_reached(const char *name, unsigned *times);
#else
#define FAULT(name) ((void)0)
#endif
