#include "token/card/card_socket.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/secret.h"
#include "base/windows_api.h"

enum { PATH_SIZE = 1024, SECRET = 32, POLLED_MAX = 64, STEP_MS = 200, ADMIT_MS = 5000, BACKLOG = 32 };

static volatile LONG stopping; /* of the process, as its console is */

/* ---- the file at PATH: "PORT SECRET" ---- */

struct place {
    unsigned port;
    uint8_t secret[SECRET];
};

static bool wide(const char *path, wchar_t ret_path[PATH_SIZE])
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, ret_path, PATH_SIZE) > 0;
}

static bool read_place(const char *path, struct place *ret_place)
{
    wchar_t name[PATH_SIZE];
    char text[16 + 2 * SECRET] = "";
    int at = 0;
    FILE *file = wide(path, name) ? _wfopen(name, L"rb") : NULL;
    if (!file) return false;
    bool good = fgets(text, sizeof text, file) && sscanf(text, "%5u %n", &ret_place->port, &at) == 1 &&
                ret_place->port > 0 && ret_place->port < 65536;
    for (int i = 0; i < SECRET && good; i++) {
        unsigned byte;
        good = sscanf(text + at + 2 * i, "%2x", &byte) == 1;
        ret_place->secret[i] = (uint8_t)byte;
    }
    fclose(file);
    secret_wipe(text, sizeof text);
    return good;
}

/* The folder of a person lies in the profile, which others cannot read. */
static bool write_place(const char *path, const struct place *place)
{
    wchar_t name[PATH_SIZE], fresh[PATH_SIZE + 8];
    if (!wide(path, name)) return false;
    swprintf(fresh, COUNT(fresh), L"%ls.new", name);
    FILE *file = _wfopen(fresh, L"wb");
    if (!file) return false;
    fprintf(file, "%u ", place->port);
    for (int i = 0; i < SECRET; i++) fprintf(file, "%02x", place->secret[i]);
    bool good = fclose(file) == 0;
    return good && MoveFileExW(fresh, name, MOVEFILE_REPLACE_EXISTING);
}

/* ---- both sides ---- */

int64_t card_socket_now_ms(void)
{
    return (int64_t)GetTickCount64();
}

static bool start(void)
{
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0; /* counted by the system; ends with the process */
}

static struct sockaddr_in loopback(unsigned port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((u_short)port);
    return address;
}

void card_socket_close(card_socket s)
{
    if (s >= 0) closesocket((SOCKET)s);
}

card_socket card_socket_connect(const char *path)
{
    struct place place;
    BOOL yes = TRUE;
    if (!start() || !read_place(path, &place)) return -1;
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (s == INVALID_SOCKET) return -1;
    struct sockaddr_in address = loopback(place.port);
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&yes, sizeof yes);
    bool good = connect(s, (struct sockaddr *)&address, sizeof address) == 0 &&
                send(s, (const char *)place.secret, SECRET, 0) == SECRET;
    secret_wipe(&place, sizeof place);
    if (good) return (card_socket)s;
    closesocket(s);
    return -1;
}

static long outcome(int n)
{
    if (n >= 0) return n;
    return WSAGetLastError() == WSAEWOULDBLOCK ? 0 : -1;
}

long card_socket_send(card_socket s, const void *data, size_t len)
{
    return outcome(send((SOCKET)s, data, (int)len, 0));
}

long card_socket_receive(card_socket s, void *into, size_t len)
{
    int n = recv((SOCKET)s, into, (int)len, 0);
    return n == 0 ? -1 : outcome(n);
}

bool card_socket_wait(card_socket s, int ms)
{
    WSAPOLLFD p = { (SOCKET)s, POLLRDNORM, 0 };
    return WSAPoll(&p, 1, ms) > 0;
}

bool card_socket_alive(card_socket s)
{
    char byte;
    if (!card_socket_wait(s, 0)) return true;
    return recv((SOCKET)s, &byte, 1, MSG_PEEK) > 0;
}

/* ---- the card's side ---- */

struct card_listener {
    SOCKET s;
    char path[PATH_SIZE];
    struct place place;
};

static BOOL WINAPI on_console(DWORD event)
{
    (void)event;
    InterlockedExchange(&stopping, 1);
    return TRUE;
}

void card_stop_prepare(void)
{
    SetConsoleCtrlHandler(on_console, TRUE);
}

static bool listen_at(struct card_listener *l)
{
    struct sockaddr_in address = loopback(0);
    int len = sizeof address;
    u_long yes = 1;
    l->s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (l->s == INVALID_SOCKET || bind(l->s, (struct sockaddr *)&address, sizeof address) != 0) return false;
    if (getsockname(l->s, (struct sockaddr *)&address, &len) != 0 || listen(l->s, BACKLOG) != 0) return false;
    if (ioctlsocket(l->s, FIONBIO, &yes) != 0) return false;
    l->place.port = ntohs(address.sin_port);
    random_fill(l->place.secret, SECRET);
    return write_place(l->path, &l->place);
}

struct result card_listener_new(const char *path, struct diag *diag, struct card_listener **ret_listener)
{
    struct card_listener *l = calloc(1, sizeof *l);
    if (!l) abort();
    l->s = INVALID_SOCKET;
    struct result r = OK;
    card_socket there = card_socket_connect(path);
    card_socket_close(there);
    if (snprintf(l->path, sizeof l->path, "%s", path) >= (int)sizeof l->path)
        r = diag_log(diag, ERROR_CARD_SOCKET, "%s: path too long", path);
    else if (there >= 0) r = diag_log(diag, ERROR_CARD_BUSY, "%s", path);
    else if (!listen_at(l)) r = diag_log(diag, ERROR_CARD_SOCKET, "%s: error %d", path, WSAGetLastError());
    if (failed(r)) card_listener_free(l);
    else *ret_listener = l;
    return r;
}

void card_listener_free(struct card_listener *l)
{
    wchar_t name[PATH_SIZE];
    if (!l) return;
    if (l->s != INVALID_SOCKET) {
        closesocket(l->s);
        if (wide(l->path, name)) DeleteFileW(name);
    }
    secret_wipe(l, sizeof *l);
    free(l);
}

/* The secret, within five seconds. */
static bool admitted(const struct card_listener *l, SOCKET s)
{
    uint8_t given[SECRET];
    int got = 0;
    int64_t until = card_socket_now_ms() + ADMIT_MS;
    while (got < SECRET && card_socket_now_ms() < until) {
        if (!card_socket_wait((card_socket)s, STEP_MS)) continue;
        int n = recv(s, (char *)given + got, SECRET - got, 0);
        if (n <= 0) return false;
        got += n;
    }
    return got == SECRET && secret_equal(given, l->place.secret, SECRET);
}

card_socket card_listener_accept(struct card_listener *l)
{
    for (;;) {
        SOCKET s = accept(l->s, NULL, NULL);
        BOOL nodelay = TRUE;
        u_long yes = 1;
        if (s == INVALID_SOCKET) return -1;
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char *)&nodelay, sizeof nodelay);
        if (admitted(l, s) && ioctlsocket(s, FIONBIO, &yes) == 0) return (card_socket)s;
        closesocket(s);
    }
}

/* In steps, since a wish to end is no socket. */
enum card_poll_result card_listener_poll(struct card_listener *l, struct card_polled *polled, size_t count, int ms)
{
    WSAPOLLFD p[1 + POLLED_MAX];
    if (count > POLLED_MAX) count = POLLED_MAX;
    p[0] = (WSAPOLLFD){ l->s, POLLRDNORM, 0 };
    ULONG used = 1;
    for (size_t i = 0; i < count; i++) { /* WSAPoll takes no holes */
        short want = (short)((polled[i].read ? POLLRDNORM : 0) | (polled[i].write ? POLLWRNORM : 0));
        polled[i].readable = polled[i].writable = polled[i].gone = false;
        if (polled[i].s >= 0) p[used++] = (WSAPOLLFD){ (SOCKET)polled[i].s, want, 0 };
    }
    int64_t until = ms < 0 ? INT64_MAX : card_socket_now_ms() + ms;
    for (int ready = 0; ready == 0;) {
        if (stopping) return CARD_POLL_STOP;
        int64_t left = until - card_socket_now_ms();
        if (left < 0) break;
        ready = WSAPoll(p, used, left < STEP_MS ? (int)left : STEP_MS);
        if (ready < 0) return CARD_POLL_STOP;
        if (left == 0) break;
    }
    used = 1;
    for (size_t i = 0; i < count; i++) {
        if (polled[i].s < 0) continue;
        short events = p[used++].revents;
        polled[i].readable = events & (POLLRDNORM | POLLHUP);
        polled[i].writable = events & POLLWRNORM;
        polled[i].gone = events & (POLLERR | POLLNVAL);
    }
    return CARD_POLL_EVENTS;
}
