#include "token/agent/child.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "token/agent/system.h"
#include "base/windows_api.h"

enum { WATCH_MS = 200, LINE_MAX_ = 2 * SYSTEM_PATH_MAX, PIPE_ROOM = 64 * 1024 };

struct child {
    HANDLE process, job, pipe, event;
};

/* ---- starting ---- */

/* A pipe of both directions with a name nobody guesses; OURS can wait with a deadline, THEIRS is handed on. */
static bool make_pipe(HANDLE *ret_ours, HANDLE *ret_theirs)
{
    char id[ID_TEXT_LEN + 1];
    wchar_t name[64];
    struct id random = random_id();
    id_text(&random, id);
    swprintf(name, sizeof name / sizeof name[0], L"\\\\.\\pipe\\hufu-agent-%S", id);
    HANDLE ours = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                   PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1,
                                   PIPE_ROOM, PIPE_ROOM, 0, NULL);
    if (ours == INVALID_HANDLE_VALUE) return false;
    SECURITY_ATTRIBUTES inherit = { sizeof inherit, NULL, TRUE };
    HANDLE theirs = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, &inherit, OPEN_EXISTING, 0, NULL);
    if (theirs == INVALID_HANDLE_VALUE) {
        CloseHandle(ours);
        return false;
    }
    *ret_ours = ours;
    *ret_theirs = theirs;
    return true;
}

/* Paths and words of ours: nothing in them needs more than quotes around it. */
static bool write_line(const char *const argv[], wchar_t line[LINE_MAX_])
{
    char text[LINE_MAX_];
    struct writer w = writer_of(text, sizeof text - 1);
    for (size_t i = 0; argv[i]; i++) {
        if (strchr(argv[i], '"')) return false;
        write_format(&w, "%s\"%s\"", i ? " " : "", argv[i]);
    }
    text[w.len] = 0;
    return !w.full && MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, line, LINE_MAX_) > 0;
}

/* A job that ends the child when we end, however that happens. */
static HANDLE make_job(void)
{
    HANDLE job = CreateJobObjectW(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = { 0 };
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (job) SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

static bool start_process(wchar_t *line, HANDLE theirs, HANDLE job, HANDLE *ret_process)
{
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    STARTUPINFOEXW info = { .StartupInfo = { .cb = sizeof info, .dwFlags = STARTF_USESTDHANDLES } };
    info.StartupInfo.hStdInput = info.StartupInfo.hStdOutput = theirs;
    info.StartupInfo.hStdError = NULL;
    info.lpAttributeList = malloc(size);
    if (!info.lpAttributeList) return false;
    PROCESS_INFORMATION process;
    bool good = InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &size) &&
                UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &theirs,
                                          sizeof theirs, NULL, NULL) &&
                CreateProcessW(NULL, line, NULL, NULL, TRUE,
                               EXTENDED_STARTUPINFO_PRESENT | CREATE_NO_WINDOW | CREATE_SUSPENDED, NULL, NULL,
                               &info.StartupInfo, &process);
    DeleteProcThreadAttributeList(info.lpAttributeList);
    free(info.lpAttributeList);
    if (!good) return false;
    if (job) AssignProcessToJobObject(job, process.hProcess);
    ResumeThread(process.hThread);
    CloseHandle(process.hThread);
    *ret_process = process.hProcess;
    return true;
}

struct result child_start(const char *const argv[], struct child **ret_child)
{
    wchar_t line[LINE_MAX_];
    HANDLE theirs;
    ENSURE(write_line(argv, line), ERROR_IO);
    struct child *child = calloc(1, sizeof *child);
    ENSURE(child, ERROR_OUT_OF_ROOM);
    if (!make_pipe(&child->pipe, &theirs)) {
        free(child);
        return FAIL(ERROR_IO);
    }
    child->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    child->job = make_job();
    bool started = child->event && start_process(line, theirs, child->job, &child->process);
    CloseHandle(theirs);
    if (!started) {
        child_end(child);
        return FAIL(ERROR_IO);
    }
    *ret_child = child;
    return OK;
}

void child_end(struct child *child)
{
    if (!child) return;
    if (child->process) {
        TerminateProcess(child->process, 1);
        CloseHandle(child->process);
    }
    CloseHandle(child->pipe);
    if (child->event) CloseHandle(child->event);
    if (child->job) CloseHandle(child->job);
    free(child);
}

/* ---- talking ---- */

/* Waits for the operation in OVERLAPPED, which was begun with STARTED. */
static struct result finish(struct child *child, OVERLAPPED *overlapped, bool started, int64_t deadline_ms,
                            const struct child_watch *watch, DWORD *ret_len)
{
    ENSURE(started || GetLastError() == WINDOWS_IO_PENDING, ERROR_IPC_CLOSED);
    struct result r = OK;
    while (!failed(r)) {
        int64_t left = deadline_ms - system_now_ms();
        if (left < 0) left = 0;
        DWORD slice = watch && left > WATCH_MS ? WATCH_MS : (DWORD)left;
        if (WaitForSingleObject(child->event, slice) == WAIT_OBJECT_0) break;
        if (watch && watch->gave_up(watch->context)) r = FAIL(ERROR_AGENT_CANCELLED);
        if (left == 0) r = FAIL(ERROR_IPC_TIMEOUT);
    }
    if (failed(r)) CancelIoEx(child->pipe, overlapped);
    bool good = GetOverlappedResult(child->pipe, overlapped, ret_len, TRUE);
    TRY(r);
    ENSURE(good && *ret_len > 0, ERROR_IPC_CLOSED);
    return OK;
}

struct result child_write(struct child *child, struct bytes data, int64_t deadline_ms)
{
    while (data.len) {
        OVERLAPPED overlapped = { .hEvent = child->event };
        DWORD n = 0;
        bool started = WriteFile(child->pipe, data.ptr, (DWORD)data.len, NULL, &overlapped);
        TRY(finish(child, &overlapped, started, deadline_ms, NULL, &n));
        data = bytes_of(data.ptr + n, data.len - n);
    }
    return OK;
}

struct result child_read(struct child *child, void *into, size_t len, int64_t deadline_ms,
                         const struct child_watch *watch)
{
    for (size_t got = 0; got < len;) {
        OVERLAPPED overlapped = { .hEvent = child->event };
        DWORD n = 0;
        bool started = ReadFile(child->pipe, (char *)into + got, (DWORD)(len - got), NULL, &overlapped);
        TRY(finish(child, &overlapped, started, deadline_ms, watch, &n));
        got += n;
    }
    return OK;
}
