/* The tables that script/gen-statements.py makes from .sql files: what the engines run. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/result.h"
#include "statements.h"

enum engine_kind { ENGINE_SQLITE, ENGINE_POSTGRESQL, ENGINE_COUNT };

struct statement_entry {
    const char *name;
    const char *sql[ENGINE_COUNT]; /* parameters by number: ?1, $1 */
    const char *const *params;     /* the field for each of them */
    size_t params_count;
    bool reads; /* changes nothing */
};

/* In rising order. The first makes the table schema_step itself. */
struct schema_step {
    int64_t step;
    const char *name;
    const char *sql[ENGINE_COUNT];
    bool rows; /* it changes rows, not tables */
};

/* A table as all steps leave it. */
struct store_table {
    const char *name;
    size_t columns;
    const char *kinds;  /* one letter a column: 'I'NTEGER, 'T'EXT, 'B'LOB */
    const char *select; /* all rows, columns in that order */
    const char *insert[ENGINE_COUNT];
};

extern const struct statement_entry store_statements[];
extern const size_t store_statements_count;
extern const struct schema_step store_schema[];
extern const size_t store_schema_count;
/* What a table refers to stands before it. */
extern const struct store_table store_tables[];
extern const size_t store_tables_count;
