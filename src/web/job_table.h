/* What hufu-web does without being asked. */
#pragma once

#include "web/jobs.h"

extern const struct job job_table[];
extern const size_t job_table_count;
