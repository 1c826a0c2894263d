#include <stdlib.h>

#include "token/agent/helper.h"
#include "token/agent/skf_library.h"
#include "token/agent/system.h"
#include "base/windows_api.h"

void *skf_library_open(const char *path)
{
    wchar_t name[SYSTEM_PATH_MAX];
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, name, SYSTEM_PATH_MAX) <= 0) return NULL;
    /* What it needs comes from its own folder or the system's, never from the current one. */
    return (void *)LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
}

void (*skf_library_find(void *library, const char *name))(void)
{
    FARPROC found = GetProcAddress((HMODULE)library, name);
    void (*function)(void);
    memcpy(&function, &found, sizeof function);
    return function;
}

intptr_t helper_channel(bool quiet)
{
    HANDLE channel = GetStdHandle(STD_INPUT_HANDLE);
    if (!channel || channel == INVALID_HANDLE_VALUE) return -1;
    SetHandleInformation(channel, HANDLE_FLAG_INHERIT, 0);
    HANDLE null = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    SetStdHandle(STD_INPUT_HANDLE, null);
    SetStdHandle(STD_OUTPUT_HANDLE, null);
    if (quiet) SetStdHandle(STD_ERROR_HANDLE, null);
    return (intptr_t)channel;
}

bool helper_read(intptr_t channel, void *into, size_t len)
{
    for (size_t got = 0; got < len;) {
        DWORD n;
        if (!ReadFile((HANDLE)channel, (char *)into + got, (DWORD)(len - got), &n, NULL) || n == 0) return false;
        got += n;
    }
    return true;
}

bool helper_write(intptr_t channel, struct bytes data)
{
    while (data.len) {
        DWORD n;
        if (!WriteFile((HANDLE)channel, data.ptr, (DWORD)data.len, &n, NULL) || n == 0) return false;
        data = bytes_of(data.ptr + n, data.len - n);
    }
    return true;
}

static VOID CALLBACK too_late(PVOID parameter, BOOLEAN fired)
{
    TerminateProcess(GetCurrentProcess(), 1); /* whatever hangs, hangs in the library */
}

void helper_deadline(int seconds)
{
    static HANDLE timer; /* the process has one */
    if (timer) DeleteTimerQueueTimer(NULL, timer, NULL);
    timer = NULL;
    if (seconds) CreateTimerQueueTimer(&timer, NULL, too_late, NULL, (DWORD)seconds * 1000, 0, WT_EXECUTEONLYONCE);
}
