#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include "token/agent/helper.h"
#include "token/agent/skf_library.h"

void *skf_library_open(const char *path)
{
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

void (*skf_library_find(void *library, const char *name))(void)
{
    void *found = dlsym(library, name);
    void (*function)(void);
    memcpy(&function, &found, sizeof function); /* POSIX promises that they are alike; C does not */
    return function;
}

intptr_t helper_channel(bool quiet)
{
    int channel = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (channel < 0 || null < 0) return -1;
    if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) return -1;
    if (quiet && dup2(null, STDERR_FILENO) < 0) return -1;
    close(null);
    return channel;
}

bool helper_read(intptr_t channel, void *into, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read((int)channel, (char *)into + got, len - got);
        if (n <= 0) return false;
        got += (size_t)n;
    }
    return true;
}

bool helper_write(intptr_t channel, struct bytes data)
{
    while (data.len) {
        ssize_t n = write((int)channel, data.ptr, data.len);
        if (n <= 0) return false;
        data = bytes_of(data.ptr + n, data.len - (size_t)n);
    }
    return true;
}

void helper_deadline(int seconds)
{
    alarm((unsigned)seconds); /* ends the process: whatever hangs, hangs in the library */
}
