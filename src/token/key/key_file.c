#include "token/key/key_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

struct result key_file_read(const char *path, struct diag *diag, uint8_t **ret_held, struct bytes *ret_content)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    uint8_t *held = NULL;
    bool good = file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && size <= KEY_FILE_MAX &&
                fseek(file, 0, SEEK_SET) == 0;
    if (good) good = (held = malloc((size_t)size + 1)) != NULL;
    if (good) good = fread(held, 1, (size_t)size, file) == (size_t)size;
    if (file) fclose(file);
    if (!good) {
        free(held);
        return diag_log(diag, ERROR_KEY_FILE, "%s", path);
    }
    *ret_held = held;
    *ret_content = bytes_of(held, (size_t)size);
    return OK;
}

struct result key_file_write(const char *path, struct bytes content, struct diag *diag)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(content.ptr, 1, content.len, file) == content.len;
    if (file) good = fclose(file) == 0 && good;
    return good ? OK : diag_log(diag, ERROR_KEY_FILE, "%s", path);
}

void key_file_free(uint8_t **held)
{
    free(*held);
    *held = NULL;
}
