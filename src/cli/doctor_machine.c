/* What the machine must have. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/doctor.h"

enum {
    LANDLOCK_CREATE = 444,
    LANDLOCK_VERSION = 1,
    LANDLOCK_TRUNCATE = 3, /* since 6.2: also truncating is closed */
    FILES_MIN = 4096,
    MEMORY_MB_MIN = 512,
    YEAR_2025_S = 1735689600
};

static void look_at_kernel(struct doctor *d)
{
    long abi = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);
    struct finding *f;
    if (abi < 1) {
        f = doctor_find(d, "landlock", FINDING_WRONG, "%s",
                        cli_words("内核没有启用 Landlock，进程不能隔离",
                                  "The kernel has no Landlock: processes cannot be closed off"));
        doctor_mend(f, "%s",
                    cli_words("使用 5.13 以上内核，并在启动参数 lsm= 中加入 landlock",
                              "Take a kernel of 5.13 or later, with landlock in lsm= of its command line"));
    } else {
        f = doctor_find(d, "landlock", abi < LANDLOCK_TRUNCATE ? FINDING_WARNING : FINDING_GOOD,
                        cli_words("内核提供 Landlock（第 %ld 版）", "The kernel has Landlock (version %ld)"),
                        abi);
        if (abi < LANDLOCK_TRUNCATE)
            doctor_mend(f, "%s",
                        cli_words("内核 6.2 以上限制得更完整", "A kernel of 6.2 or later closes more"));
    }
    bool seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
    f = doctor_find(d, "seccomp", seccomp ? FINDING_GOOD : FINDING_WRONG, "%s",
                    seccomp ? cli_words("内核提供 seccomp", "The kernel has seccomp")
                            : cli_words("内核没有 seccomp，进程不能隔离",
                                        "The kernel has no seccomp: processes cannot be closed off"));
    if (!seccomp)
        doctor_mend(
            f, "%s",
            cli_words("使用带 CONFIG_SECCOMP_FILTER 的内核", "Take a kernel with CONFIG_SECCOMP_FILTER"));
}

static void look_at_clock(struct doctor *d)
{
    struct timex t = { .modes = 0 };
    int state = adjtimex(&t);
    time_t now = time(NULL);
    if (now < YEAR_2025_S) {
        struct finding *f = doctor_find(d, "clock", FINDING_WRONG, "%s",
                                        cli_words("系统时间明显不对", "The clock is plainly wrong"));
        doctor_mend(f, "%s",
                    cli_words("校正系统时间：证书的有效期由它决定",
                              "Set it right: validity of certificates depends on it"));
    } else if (state == TIME_ERROR || t.status & STA_UNSYNC) {
        struct finding *f = doctor_find(
            d, "clock", FINDING_WARNING, "%s",
            cli_words("系统时间没有和时间服务器同步", "The clock is not kept right by a time server"));
        doctor_mend(f, "%s",
                    cli_words("启用 chrony 或 systemd-timesyncd", "Run chrony or systemd-timesyncd"));
    } else {
        doctor_find(d, "clock", FINDING_GOOD, "%s",
                    cli_words("系统时间已同步", "The clock is kept right by a time server"));
    }
}

/* "MemAvailable:    12345 kB"; -1 when the kernel does not say. */
static long available_mb(void)
{
    char line[128];
    long kb = -1;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && kb < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %ld", &kb) != 1) kb = -1;
    if (f) fclose(f);
    return kb < 0 ? -1 : kb / 1024;
}

static void look_at_memory(struct doctor *d)
{
    long mb = available_mb();
    struct finding *f =
        doctor_find(d, "memory", mb >= 0 && mb < MEMORY_MB_MIN ? FINDING_WARNING : FINDING_GOOD,
                    cli_words("可用内存 %ld MB", "%ld MB of memory are free"), mb);
    if (f->state != FINDING_GOOD)
        doctor_mend(f, cli_words("至少留出 %d MB", "Leave at least %d MB"), MEMORY_MB_MIN);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    f = doctor_find(d, "files", files.rlim_max < FILES_MIN ? FINDING_WARNING : FINDING_GOOD,
                    cli_words("最多可打开 %lu 个文件", "At most %lu files may be open"),
                    (unsigned long)files.rlim_max);
    if (f->state != FINDING_GOOD)
        doctor_mend(f,
                    cli_words("设置 LimitNOFILE=%d（systemd）或 ulimit -n",
                              "Set LimitNOFILE=%d (systemd) or ulimit -n"),
                    FILES_MIN);
}

void doctor_look_at_machine(struct doctor *d)
{
    look_at_kernel(d);
    look_at_clock(d);
    look_at_memory(d);
}
