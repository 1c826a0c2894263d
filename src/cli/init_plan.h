/* What `hufu init` is to make: the names of the CAs, the maker of the USBKeys, the first operators. */
#pragma once

#include "cli/init_card.h"

enum { PLAN_OPERATORS_MAX = 16 };

struct init_plan {
    const char *organization, *country, *root_name, *issuing_name, *operators_name;
    const char *maker_certificate, *maker_transport_key; /* files */
    const char *root_certificate; /* of a ceremony; NULL: a root named root_name is made */
    struct init_operator operators[PLAN_OPERATORS_MAX];  /* administrators first */
    size_t operator_count;
};

/* The demonstration's, with virtual USBKeys made by the maker in FOLDER. */
RESULT init_plan_demo(const struct init_folder *folder, struct init_plan *ret_plan);
/* From the section [init] of the file at PATH; texts live in ARENA. ERROR_CONFIG. */
RESULT init_plan_read(const char *path, struct arena *arena, struct diag *diag, struct init_plan *ret_plan);
