#include "token/card/card_store.h"

#include <stdio.h>

#include "base/random.h"
#include "base/secret.h"
#include "base/windows_api.h"

static bool wide(const char *path, const char *behind, wchar_t ret_path[CARD_PATH_MAX + 16])
{
    char whole[CARD_PATH_MAX + 16];
    if (snprintf(whole, sizeof whole, "%s%s", path, behind) >= (int)sizeof whole) return false;
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, whole, -1, ret_path, CARD_PATH_MAX + 16) > 0;
}

/* Written and flushed to the disk. */
static bool write_file(const wchar_t *name, DWORD how, struct bytes image)
{
    DWORD written = 0;
    HANDLE file = CreateFileW(name, GENERIC_WRITE, 0, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) return false;
    bool good = WriteFile(file, image.ptr, (DWORD)image.len, &written, NULL) && written == image.len &&
                FlushFileBuffers(file);
    CloseHandle(file);
    if (!good) DeleteFileW(name);
    return good;
}

struct result card_store_open(struct card_store *store, const char *path)
{
    wchar_t name[CARD_PATH_MAX + 16];
    memset(store, 0, sizeof *store);
    store->held = -1;
    int n = snprintf(store->path, sizeof store->path, "%s", path);
    ENSURE(n > 0 && (size_t)n < sizeof store->path && wide(path, "", name), ERROR_TOO_LARGE);
    ENSURE(GetFileAttributesW(name) != INVALID_FILE_ATTRIBUTES, ERROR_NOT_FOUND);
    ENSURE(wide(path, ".lock", name), ERROR_TOO_LARGE);
    HANDLE lock = CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_HIDDEN | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (lock == INVALID_HANDLE_VALUE)
        return FAIL(GetLastError() == WINDOWS_SHARING_VIOLATION ? ERROR_CARD_BUSY : ERROR_IO);
    store->held = (intptr_t)lock;
    return OK;
}

struct result card_store_create(const char *path, struct bytes image)
{
    wchar_t name[CARD_PATH_MAX + 16];
    ENSURE(wide(path, "", name), ERROR_TOO_LARGE);
    if (write_file(name, CREATE_NEW, image)) return OK;
    return FAIL(GetLastError() == WINDOWS_FILE_EXISTS ? ERROR_CARD_EXISTS : ERROR_IO);
}

void card_store_close(struct card_store *store)
{
    if (store->held != -1) CloseHandle((HANDLE)store->held);
    store->held = -1;
    secret_wipe(store->image, sizeof store->image);
}

struct result card_store_folder(const char *path)
{
    wchar_t name[CARD_PATH_MAX + 16];
    ENSURE(wide(path, "", name), ERROR_TOO_LARGE);
    return CreateDirectoryW(name, NULL) || GetLastError() == WINDOWS_ALREADY_EXISTS ? OK : FAIL(ERROR_IO);
}

static struct result store_write(void *context, struct bytes image)
{
    struct card_store *store = context;
    wchar_t name[CARD_PATH_MAX + 16], fresh[CARD_PATH_MAX + 16];
    ENSURE(wide(store->path, "", name) && wide(store->path, ".new", fresh), ERROR_TOO_LARGE);
    ENSURE(write_file(fresh, CREATE_ALWAYS, image), ERROR_IO);
    ENSURE(MoveFileExW(fresh, name, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH), ERROR_IO);
    return OK;
}

static struct result store_read(void *context, struct bytes *ret_image)
{
    struct card_store *store = context;
    wchar_t name[CARD_PATH_MAX + 16];
    DWORD len = 0;
    ENSURE(wide(store->path, "", name), ERROR_TOO_LARGE);
    HANDLE file = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    ENSURE(file != INVALID_HANDLE_VALUE, ERROR_IO);
    bool good = ReadFile(file, store->image, sizeof store->image, &len, NULL);
    CloseHandle(file);
    ENSURE(good, ERROR_IO);
    *ret_image = bytes_of(store->image, len);
    return OK;
}

static void store_entropy(void *context, uint8_t *into, size_t len)
{
    (void)context;
    random_fill(into, len);
}

struct card_io card_store_io(struct card_store *store)
{
    return (struct card_io){ store, store_write, store_read, store_entropy };
}
