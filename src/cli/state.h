/* FOLDER/run/state.json, by which others find what runs (cli/place.h reads it):
 *   {"pid","ready","portal","console","platform","agent","paysim","status","processes":{name: pid}}
 * It is there from when everything answered until the stop; a process that is being started again is not in it. */
#pragma once

#include "cli/supervisor_table.h"

/* Replaces it; a failure is logged, for nothing depends on it but whoever looks. */
void state_write(const struct installation *installation, const struct supervised_table *table);
void state_remove(const struct installation *installation);
