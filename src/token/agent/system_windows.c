#include "token/agent/system.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "base/windows_api.h"

#include <aclapi.h>
#include <sddl.h>

struct result system_init(void)
{
    WSADATA data;
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX); /* no dumps, no boxes of the system */
    SetDllDirectoryW(L"");                                        /* nothing is loaded from the current folder */
    ENSURE(WSAStartup(MAKEWORD(2, 2), &data) == 0, ERROR_IO);
    return OK;
}

int64_t system_now_ms(void)
{
    return (int64_t)GetTickCount64();
}

void system_sleep_ms(int ms)
{
    Sleep((DWORD)ms);
}

void *system_take(size_t size, bool *ret_locked)
{
    void *p = VirtualAlloc(NULL, size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    if (!p) return NULL;
    bool locked = VirtualLock(p, size);
    if (ret_locked) *ret_locked = locked;
    return p;
}

void system_give(void *memory, size_t size)
{
    if (!memory) return;
    secret_wipe(memory, size);
    VirtualFree(memory, 0, MEM_RELEASE);
}

/* ---- folders and files ---- */

static bool wide(const char *text, wchar_t into[SYSTEM_PATH_MAX])
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, into, SYSTEM_PATH_MAX) > 0;
}

static bool narrow(const wchar_t *text, char into[SYSTEM_PATH_MAX])
{
    return WideCharToMultiByte(CP_UTF8, 0, text, -1, into, SYSTEM_PATH_MAX, NULL, NULL) > 0;
}

struct result system_own_folder(char ret_path[SYSTEM_PATH_MAX])
{
    wchar_t path[SYSTEM_PATH_MAX];
    DWORD n = GetModuleFileNameW(NULL, path, SYSTEM_PATH_MAX);
    ENSURE(n > 0 && n < SYSTEM_PATH_MAX, ERROR_IO);
    wchar_t *end = wcsrchr(path, L'\\');
    ENSURE(end, ERROR_IO);
    *end = 0;
    ENSURE(narrow(path, ret_path), ERROR_IO);
    return OK;
}

struct result system_program(const char *name, char ret_path[SYSTEM_PATH_MAX])
{
    char folder[SYSTEM_PATH_MAX];
    TRY(system_own_folder(folder));
    int n = snprintf(ret_path, SYSTEM_PATH_MAX, "%s\\%s.exe", folder, name);
    ENSURE(n > 0 && n < SYSTEM_PATH_MAX, ERROR_IO);
    return OK;
}

struct result system_make_folder(const char *path)
{
    wchar_t name[SYSTEM_PATH_MAX];
    ENSURE(wide(path, name), ERROR_IO);
    ENSURE(CreateDirectoryW(name, NULL) || GetLastError() == WINDOWS_ALREADY_EXISTS, ERROR_IO);
    return OK;
}

struct result system_state_folder(char ret_path[SYSTEM_PATH_MAX])
{
    wchar_t local[SYSTEM_PATH_MAX];
    char path[SYSTEM_PATH_MAX];
    DWORD len = GetEnvironmentVariableW(L"LOCALAPPDATA", local, SYSTEM_PATH_MAX);
    ENSURE(len > 0 && len < SYSTEM_PATH_MAX && narrow(local, path), ERROR_IO);
    int n = snprintf(ret_path, SYSTEM_PATH_MAX, "%s\\hufu-agent", path);
    ENSURE(n > 0 && n < SYSTEM_PATH_MAX, ERROR_IO);
    return system_make_folder(ret_path);
}

struct result system_set_variable(const char *name, const char *value)
{
    wchar_t n[SYSTEM_PATH_MAX], v[SYSTEM_PATH_MAX];
    ENSURE(wide(name, n) && wide(value, v) && SetEnvironmentVariableW(n, v), ERROR_IO);
    return OK;
}

void system_log_to(const char *folder)
{
    enum { LOG_MAX = 1024 * 1024 };
    HANDLE error = GetStdHandle(STD_ERROR_HANDLE);
    char path[SYSTEM_PATH_MAX];
    wchar_t name[SYSTEM_PATH_MAX];
    if (error && error != INVALID_HANDLE_VALUE && GetFileType(error) != FILE_TYPE_UNKNOWN) return;
    int n = snprintf(path, sizeof path, "%s\\agent.log", folder);
    if (n <= 0 || n >= (int)sizeof path || !wide(path, name)) return;
    int fd = _wopen(name, _O_WRONLY | _O_CREAT | _O_APPEND | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
    if (fd < 0) return;
    if (_filelengthi64(fd) > LOG_MAX) _chsize_s(fd, 0);
    _dup2(fd, 2);
    _close(fd);
}

/* The desktop of a person, not that of a service. */
bool system_has_display(void)
{
    USEROBJECTFLAGS flags = { 0 };
    DWORD size;
    HWINSTA station = GetProcessWindowStation();
    return station && GetUserObjectInformationW(station, UOI_FLAGS, &flags, sizeof flags, &size) &&
           (flags.dwFlags & WSF_VISIBLE);
}

/* Administrators, the system, its installer, or the person who runs us. */
static bool trusted_sid(PSID sid)
{
    /* NT SERVICE\TrustedInstaller has no name in WELL_KNOWN_SID_TYPE. */
    static const char installer[] = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
    if (IsWellKnownSid(sid, WinBuiltinAdministratorsSid) || IsWellKnownSid(sid, WinLocalSystemSid)) return true;
    char *text = NULL;
    bool good = ConvertSidToStringSidA(sid, &text) && strcmp(text, installer) == 0;
    LocalFree(text);
    if (good) return true;
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return false;
    union {
        TOKEN_USER user;
        char room[256];
    } own;
    DWORD size;
    good = GetTokenInformation(token, TokenUser, &own, sizeof own, &size) && EqualSid(own.user.User.Sid, sid);
    CloseHandle(token);
    return good;
}

static bool trusted_entry(ACL *acl, DWORD i)
{
    enum { CHANGES = FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC | WRITE_OWNER | DELETE };
    ACCESS_ALLOWED_ACE *ace;
    if (!GetAce(acl, i, (void **)&ace)) return false;
    if (ace->Header.AceType == ACCESS_DENIED_ACE_TYPE || ace->Header.AceFlags & INHERIT_ONLY_ACE) return true;
    if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE) return false;
    if (!(ace->Mask & (CHANGES | GENERIC_WRITE | GENERIC_ALL))) return true;
    return trusted_sid((PSID)&ace->SidStart);
}

bool system_trusted_file(const char *path)
{
    wchar_t name[SYSTEM_PATH_MAX];
    if (!wide(path, name)) return false;
    DWORD attributes = GetFileAttributesW(name);
    if (attributes == INVALID_FILE_ATTRIBUTES || attributes & FILE_ATTRIBUTE_DIRECTORY) return false;
    PSID owner;
    ACL *acl;
    PSECURITY_DESCRIPTOR descriptor;
    if (GetNamedSecurityInfoW(name, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner,
                              NULL, &acl, NULL, &descriptor) != WINDOWS_SUCCESS)
        return false;
    bool good = acl && trusted_sid(owner);
    for (DWORD i = 0; good && i < acl->AceCount; i++) good = trusted_entry(acl, i);
    LocalFree(descriptor);
    return good;
}

struct result system_read_file(const char *path, void *into, size_t room, size_t *ret_len)
{
    wchar_t name[SYSTEM_PATH_MAX];
    ENSURE(wide(path, name), ERROR_IO);
    HANDLE file = CreateFileW(name, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return FAIL(GetLastError() == WINDOWS_FILE_NOT_FOUND ? ERROR_NOT_FOUND : ERROR_IO);
    LARGE_INTEGER size;
    DWORD n = 0;
    bool sized = GetFileSizeEx(file, &size), fits = sized && (uint64_t)size.QuadPart <= room;
    bool good = fits && ReadFile(file, into, (DWORD)size.QuadPart, &n, NULL) && n == size.QuadPart;
    CloseHandle(file);
    ENSURE(!sized || fits, ERROR_TOO_LARGE);
    ENSURE(good, ERROR_IO);
    *ret_len = n;
    return OK;
}

struct result system_write_file(const char *path, struct bytes content)
{
    char fresh[SYSTEM_PATH_MAX];
    wchar_t from[SYSTEM_PATH_MAX], to[SYSTEM_PATH_MAX];
    int len = snprintf(fresh, sizeof fresh, "%s.new", path);
    ENSURE(len > 0 && len < (int)sizeof fresh && wide(fresh, from) && wide(path, to), ERROR_IO);
    /* Below the person's own folder files are readable for the person (and administrators) only. */
    HANDLE file = CreateFileW(from, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    ENSURE(file != INVALID_HANDLE_VALUE, ERROR_IO);
    DWORD n;
    bool good = WriteFile(file, content.ptr, (DWORD)content.len, &n, NULL) && n == content.len;
    good = good && FlushFileBuffers(file);
    CloseHandle(file);
    good = good && MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
    if (!good) DeleteFileW(from);
    ENSURE(good, ERROR_IO);
    return OK;
}
