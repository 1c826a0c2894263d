/* What an e-mail carries: the list and the descriptor of a relay_notice as parts of a MIME message. */
#pragma once

#include "relay/work.h"

struct smtp_file {
    const char *name, *type; /* name: UTF-8 */
    int fd;
    int64_t from, size, read; /* where it lies in the descriptor */
};

/* LIST, "name|type|size" a line, NULL for none; the sizes are all that lies in FD. At most RELAY_FILES_MAX files of
 * RELAY_FILE_MAX bytes in all: ERROR_MALFORMED. */
RESULT smtp_files_read(struct arena *arena, const char *list, int fd, struct smtp_file ret_files[RELAY_FILES_MAX],
                       size_t *ret_count);
/* False when curl has no room. FILE stays the caller's until the message is sent. */
bool smtp_files_add(struct arena *arena, curl_mime *mime, struct smtp_file *file);
