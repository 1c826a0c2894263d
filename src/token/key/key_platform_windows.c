#include <string.h>

#include "token/key/key_platform.h"
#include "base/windows_api.h"

static void write_text(HANDLE console, const char *text)
{
    wchar_t wide[256];
    DWORD written;
    int n = MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, 256);
    if (n > 1) WriteConsoleW(console, wide, (DWORD)n - 1, &written, NULL);
}

bool key_terminal_read(const char *what, char *ret_line, size_t room)
{
    HANDLE in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE out = CreateFileW(L"CONOUT$", GENERIC_WRITE, FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    wchar_t wide[256];
    DWORD mode, len = 0;
    bool good = in != INVALID_HANDLE_VALUE && out != INVALID_HANDLE_VALUE && GetConsoleMode(in, &mode);
    if (good) {
        SetConsoleMode(in, (mode | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT) & ~(DWORD)ENABLE_ECHO_INPUT);
        write_text(out, what);
        write_text(out, ": ");
        good = ReadConsoleW(in, wide, 255, &len, NULL);
        SetConsoleMode(in, mode);
        write_text(out, "\n");
    }
    if (good) {
        int n = WideCharToMultiByte(CP_UTF8, 0, wide, (int)len, ret_line, (int)room - 1, NULL, NULL);
        good = n > 0;
        if (good) ret_line[n] = '\0';
    }
    SecureZeroMemory(wide, sizeof wide);
    if (in != INVALID_HANDLE_VALUE) CloseHandle(in);
    if (out != INVALID_HANDLE_VALUE) CloseHandle(out);
    return good;
}

static bool narrow(const wchar_t *wide, char *ret_text, size_t room)
{
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, ret_text, (int)room, NULL, NULL) > 0;
}

bool key_library_path(const char *given, char *ret_path, size_t room)
{
    wchar_t name[MAX_PATH], whole[MAX_PATH];
    if (given) {
        if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, given, -1, name, MAX_PATH) <= 0) return false;
        DWORD len = GetFullPathNameW(name, MAX_PATH, whole, NULL);
        return len > 0 && len < MAX_PATH && narrow(whole, ret_path, room);
    }
    DWORD len = GetModuleFileNameW(NULL, whole, MAX_PATH); /* beside this program */
    wchar_t *slash = len > 0 && len < MAX_PATH ? wcsrchr(whole, L'\\') : NULL;
    if (!slash || slash + 14 > whole + MAX_PATH) return false;
    wcscpy(slash + 1, L"hufu-skf.dll");
    return narrow(whole, ret_path, room);
}
