/* An installation's folder is made beside its place under another name and moved there when it is whole: whoever stops
 * halfway leaves nothing that could be taken for an installation. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"

struct init_folder {
    const char *place; /* where it will be, absolute */
    const char *draft; /* where it is made: PLACE.init */
    int lock, log;     /* log: run/init.log in it, where the programs that help log */
    struct arena *arena; /* outlives it */
};

/* FOLDER must not be there, or be empty. What an init that was stopped left behind is removed; one that still runs is
 * ERROR_RUNS_ALREADY. ERROR_FOLDER_EXISTS, ERROR_FOLDER_FAILED. */
RESULT init_folder_begin(const char *folder, struct arena *arena, struct diag *diag, struct init_folder *ret_folder);
/* The same for a folder that is no installation: there is no log. */
RESULT init_folder_begin_bare(const char *folder, struct arena *arena, struct diag *diag,
                              struct init_folder *ret_folder);
/* What the log says, on standard error: something failed. */
void init_folder_tell_log(const struct init_folder *folder);
/* Everything to disk, then to its place. */
RESULT init_folder_publish(struct init_folder *folder, struct diag *diag);
/* Removes the draft unless it was published. */
void init_folder_done(struct init_folder *folder);

/* "DRAFT/NAME". */
const char *init_folder_path(const struct init_folder *folder, const char *name);
/* The folder NAME and all in it become USER's. ERROR_USER_UNKNOWN, ERROR_FOLDER_FAILED. */
RESULT init_folder_give(const struct init_folder *folder, const char *name, const char *user, struct diag *diag);
/* Other users may pass through the folder to what is theirs, and read hufu.conf, the CAs' certificates and run. */
RESULT init_folder_open(const struct init_folder *folder, struct diag *diag);

/* Each process that runs as a user of its own, as hufu.conf in the draft says, owns its folder; what lies around it may
 * be passed through. */
RESULT init_folder_give_all(const struct init_folder *folder, struct diag *diag);

/* A folder for its owner only. */
RESULT init_folder_make(const struct init_folder *folder, const char *name, struct diag *diag);
/* A file, for its owner only, that was not there. */
RESULT init_folder_write(const struct init_folder *folder, const char *name, struct bytes content, struct diag *diag);
