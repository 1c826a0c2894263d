#include "base/config_file.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static bool wide(const char *path, wchar_t into[CONFIG_FILE_PATH_MAX])
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, into, CONFIG_FILE_PATH_MAX) > 0;
}

bool config_file_read(const char *path, void *into, size_t room, size_t *ret_len)
{
    wchar_t name[CONFIG_FILE_PATH_MAX];
    if (!wide(path, name)) return false;
    HANDLE file = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) return false;
    DWORD n = 0;
    bool good = GetFileType(file) == FILE_TYPE_DISK && ReadFile(file, into, (DWORD)room, &n, NULL);
    CloseHandle(file);
    *ret_len = n;
    return good;
}

bool config_file_folder(const char *path, char ret_folder[CONFIG_FILE_PATH_MAX])
{
    wchar_t name[CONFIG_FILE_PATH_MAX], whole[CONFIG_FILE_PATH_MAX], *file = NULL;
    if (!wide(path, name)) return false;
    DWORD n = GetFullPathNameW(name, CONFIG_FILE_PATH_MAX, whole, &file);
    if (n == 0 || n >= CONFIG_FILE_PATH_MAX || !file) return false;
    file[-1] = 0;
    return WideCharToMultiByte(CP_UTF8, 0, whole, -1, ret_folder, CONFIG_FILE_PATH_MAX, NULL, NULL) > 0;
}

bool config_file_absolute(const char *path)
{
    return path[0] == '\\' || (path[0] && path[1] == ':');
}
