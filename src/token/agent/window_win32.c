/* hufu-agent-window: shows one question of hufu-agent and hands back the answer (window_api.h), on Windows. */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "token/agent/system.h"
#include "token/agent/window_api.h"
#include "base/windows_api.h"

enum { WIDTH = 440, MARGIN = 16, SPACE = 8, LABEL_WIDTH = 120, LINE_HEIGHT = 26, BUTTON_WIDTH = 100, CALM_MS = 700 };
enum { ID_CALM = 1, ID_CONFIRM = 100, ID_OLD, ID_NEW, ID_AGAIN };
enum { TEXT_ROOM = 2048 };

/* One window. */
struct dialog {
    struct window_question question;
    struct window_answer *answer; /* locked memory, as what follows */
    struct pin *again;
    wchar_t *typed;               /* PIN_MAX + 1: on the way from a field */
    HANDLE channel;
    HWND window, accept, refuse, confirm, old, fresh, repeat, mismatch;
    HFONT font, bold, title;
    COLORREF colors[2];
    int dpi, y;
    bool calm, done;
};

static int scaled(const struct dialog *d, int n)
{
    return MulDiv(n, d->dpi, 96);
}

static const wchar_t *wide(const char *text)
{
    static wchar_t room[TEXT_ROOM]; /* used at once by whoever asks */
    if (MultiByteToWideChar(CP_UTF8, 0, text, -1, room, TEXT_ROOM) <= 0) room[0] = 0;
    return room;
}

/* ---- what was typed ---- */

/* The PIN in a field; one with characters that none has counts as not there. */
static void read_pin(struct dialog *d, HWND field, struct pin *pin)
{
    secret_wipe(pin, sizeof *pin);
    if (!field) return;
    int len = GetWindowTextW(field, d->typed, PIN_MAX + 1);
    for (int i = 0; i < len; i++) {
        if (d->typed[i] <= 0x20 || d->typed[i] >= 0x7F) {
            secret_wipe(pin, sizeof *pin);
            break;
        }
        pin->text[i] = (char)d->typed[i];
    }
    secret_wipe(d->typed, (PIN_MAX + 1) * sizeof d->typed[0]);
}

/* The fields' own memory is the system's: it is written over before it is given back. */
static void wipe_fields(struct dialog *d)
{
    HWND fields[] = { d->old, d->fresh, d->repeat };
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i]) SetWindowTextW(fields[i], L"****************");
}

static const char *new_pin_problem(const struct dialog *d)
{
    if (!d->answer->fresh.text[0]) return "";
    if (failed(pin_check_form(d->answer->fresh.text))) return "新口令应为 6 至 16 位字母、数字或符号";
    if (!d->again->text[0]) return "";
    return strcmp(d->again->text, d->answer->fresh.text) == 0 ? "" : "两次输入的新口令不一致";
}

static bool complete(const struct dialog *d)
{
    const struct window_answer *a = d->answer;
    switch (d->question.kind) {
    case WINDOW_PIN: return strlen(a->old.text) >= PIN_MIN;
    case WINDOW_NEW_PIN:
        return (d->question.preset || strlen(a->old.text) >= PIN_MIN) && strlen(d->again->text) >= PIN_MIN &&
               strcmp(d->again->text, a->fresh.text) == 0;
    default: return true;
    }
}

static void update(struct dialog *d)
{
    read_pin(d, d->old, &d->answer->old);
    read_pin(d, d->fresh, &d->answer->fresh);
    read_pin(d, d->repeat, d->again);
    bool insists = !d->confirm || SendMessageW(d->confirm, BM_GETCHECK, 0, 0) == BST_CHECKED;
    EnableWindow(d->accept, d->calm && insists && complete(d));
    if (d->mismatch) SetWindowTextW(d->mismatch, wide(new_pin_problem(d)));
}

static void finish(struct dialog *d, bool accepted)
{
    if (d->done) return;
    d->done = true;
    update(d);
    wipe_fields(d);
    if (accepted)
        d->answer->verdict = WINDOW_YES;
    else
        secret_wipe(d->answer, sizeof *d->answer);
    PostQuitMessage(0);
}

/* ---- parts ---- */

static HWND add(struct dialog *d, const wchar_t *class, const wchar_t *text, DWORD style, int x, int width, int height,
                INT_PTR id)
{
    HWND h = CreateWindowExW(0, class, text, WS_CHILD | WS_VISIBLE | style, x, d->y, width, height, d->window,
                             (HMENU)id, GetModuleHandleW(NULL), NULL);
    SendMessageW(h, WM_SETFONT, (WPARAM)d->font, FALSE);
    return h;
}

static int text_height(struct dialog *d, HFONT font, const wchar_t *text, int width)
{
    RECT r = { 0, 0, width, 0 };
    HDC dc = GetDC(d->window);
    HGDIOBJ before = SelectObject(dc, font);
    DrawTextW(dc, text, -1, &r, DT_CALCRECT | DT_WORDBREAK | DT_EDITCONTROL | DT_NOPREFIX);
    SelectObject(dc, before);
    ReleaseDC(d->window, dc);
    return r.bottom;
}

static HWND add_text(struct dialog *d, const char *text, HFONT font, int x, int width, bool advance)
{
    const wchar_t *shown = wide(text);
    int height = text_height(d, font, shown, width);
    HWND h = add(d, L"STATIC", shown, SS_LEFT | SS_NOPREFIX | SS_EDITCONTROL, x, width, height + 2, -1);
    SendMessageW(h, WM_SETFONT, (WPARAM)font, FALSE);
    if (advance) d->y += height + scaled(d, SPACE);
    return h;
}

static HWND add_line(struct dialog *d, const char *text, HFONT font)
{
    return add_text(d, text, font, scaled(d, MARGIN), scaled(d, WIDTH - 2 * MARGIN), true);
}

static void add_row(struct dialog *d, const char *label, const char *value)
{
    add_text(d, label, d->font, scaled(d, MARGIN), scaled(d, LABEL_WIDTH), false);
    add_text(d, value, d->font, scaled(d, MARGIN + LABEL_WIDTH), scaled(d, WIDTH - 2 * MARGIN - LABEL_WIDTH), true);
    d->y -= scaled(d, SPACE) / 2;
}

static void add_words(struct dialog *d)
{
    const struct window_question *q = &d->question;
    for (size_t i = 0; i < q->count; i++) add_row(d, q->lines[i].label, q->lines[i].value);
    if (q->holder[0]) add_row(d, "签名人", q->holder);
    if (q->serial[0]) add_row(d, "USBKey", q->serial);
    d->y += scaled(d, SPACE);
}

static HWND add_pin(struct dialog *d, const char *label, INT_PTR id)
{
    add_line(d, label, d->font);
    d->y -= scaled(d, SPACE) / 2;
    int height = scaled(d, LINE_HEIGHT);
    HWND h = add(d, L"EDIT", L"", WS_TABSTOP | WS_BORDER | ES_PASSWORD | ES_AUTOHSCROLL, scaled(d, MARGIN),
                 scaled(d, WIDTH - 2 * MARGIN), height, id);
    SendMessageW(h, EM_SETLIMITTEXT, PIN_MAX, 0);
    ImmAssociateContext(h, NULL); /* input methods are other programs: they do not get to see it */
    d->y += height + scaled(d, SPACE);
    return h;
}

static void add_pins(struct dialog *d)
{
    if (d->question.kind == WINDOW_PIN) d->old = add_pin(d, "USBKey 口令", ID_OLD);
    if (d->question.kind != WINDOW_NEW_PIN) return;
    if (d->question.preset)
        add_line(d, "这个 USBKey 还是初始口令，请设置只有您知道的新口令。", d->font);
    else
        d->old = add_pin(d, "原口令", ID_OLD);
    d->fresh = add_pin(d, "新口令", ID_NEW);
    d->repeat = add_pin(d, "再输一次新口令", ID_AGAIN);
    d->mismatch = add_line(d, "两次输入的新口令不一致", d->bold);
    SetWindowTextW(d->mismatch, L"");
}

static void add_tries(struct dialog *d)
{
    const struct window_question *q = &d->question;
    if (q->problem[0]) add_line(d, q->problem, d->bold);
    if (q->tries == WINDOW_NO_TRIES) return;
    char words[160];
    snprintf(words, sizeof words, "口令还可以试 %d 次，之后 USBKey 将锁定。", (int)q->tries);
    add_line(d, words, q->tries <= WINDOW_LAST_TRIES ? d->bold : d->font);
    if (q->tries > WINDOW_LAST_TRIES) return;
    d->confirm = add(d, L"BUTTON", wide("我确认口令无误，继续尝试(&I)"), WS_TABSTOP | BS_AUTOCHECKBOX, scaled(d, MARGIN),
                     scaled(d, WIDTH - 2 * MARGIN), scaled(d, LINE_HEIGHT), ID_CONFIRM);
    d->y += scaled(d, LINE_HEIGHT + SPACE);
}

static void add_buttons(struct dialog *d)
{
    static const char *const words[] = { [WINDOW_PAIR] = "允许(&Y)",
                                         [WINDOW_PIN] = "确认(&Y)",
                                         [WINDOW_NEW_PIN] = "修改口令(&Y)" };
    int width = scaled(d, BUTTON_WIDTH), height = scaled(d, LINE_HEIGHT + 4), right = scaled(d, WIDTH - MARGIN);
    bool pair = d->question.kind == WINDOW_PAIR;
    d->refuse = add(d, L"BUTTON", wide(pair ? "不允许(&N)" : "取消(&C)"), WS_TABSTOP | (pair ? BS_DEFPUSHBUTTON : 0),
                    right - 2 * width - scaled(d, SPACE), width, height, IDCANCEL);
    d->accept = add(d, L"BUTTON", wide(words[d->question.kind]), WS_TABSTOP | (pair ? 0 : BS_DEFPUSHBUTTON),
                    right - width, width, height, IDOK);
    d->y += height + scaled(d, MARGIN);
}

static const char *origin_words(enum window_kind kind)
{
    switch (kind) {
    case WINDOW_PAIR: return "下面的网站想使用这台电脑上的 USBKey：查看证书，在您输入口令后签名。以后不再询问。";
    case WINDOW_PIN: return "下面的网站请您用 USBKey 签名：";
    default: return "下面的网站请您修改 USBKey 口令：";
    }
}

static void make_fonts(struct dialog *d)
{
    NONCLIENTMETRICSW m = { .cbSize = sizeof m };
    SystemParametersInfoW(SPI_GETNONCLIENTMETRICS, sizeof m, &m, 0);
    LOGFONTW f = m.lfMessageFont;
    d->font = CreateFontIndirectW(&f);
    f.lfWeight = FW_BOLD;
    d->bold = CreateFontIndirectW(&f);
    f.lfHeight = f.lfHeight * 3 / 2;
    d->title = CreateFontIndirectW(&f);
}

static void build(struct dialog *d)
{
    HDC dc = GetDC(NULL);
    d->dpi = GetDeviceCaps(dc, LOGPIXELSY);
    ReleaseDC(NULL, dc);
    make_fonts(d);
    d->y = scaled(d, MARGIN);
    add_line(d, d->question.title, d->title);
    add_line(d, origin_words(d->question.kind), d->font);
    add_line(d, d->question.origin, d->bold);
    add_words(d);
    add_pins(d);
    add_tries(d);
    add_buttons(d);
    RECT r = { 0, 0, scaled(d, WIDTH), d->y };
    AdjustWindowRectEx(&r, (DWORD)GetWindowLongW(d->window, GWL_STYLE), FALSE, WS_EX_TOPMOST);
    int width = r.right - r.left, height = r.bottom - r.top;
    SetWindowPos(d->window, HWND_TOPMOST, (GetSystemMetrics(SM_CXSCREEN) - width) / 2,
                 (GetSystemMetrics(SM_CYSCREEN) - height) / 2, width, height, SWP_SHOWWINDOW);
    SetForegroundWindow(d->window);
    SetFocus(d->old ? d->old : d->fresh ? d->fresh : d->refuse);
    SetTimer(d->window, ID_CALM, CALM_MS, NULL);
    update(d);
}

/* ---- messages ---- */

static LRESULT on_command(struct dialog *d, WPARAM wparam)
{
    switch (LOWORD(wparam)) {
    case IDOK: /* Enter too: not before it may be accepted */
        if (IsWindowEnabled(d->accept)) finish(d, true);
        break;
    case IDCANCEL: finish(d, false); break;
    case ID_OLD:
    case ID_NEW:
    case ID_AGAIN:
        if (HIWORD(wparam) == EN_CHANGE && !d->done) update(d);
        break;
    case ID_CONFIRM: update(d); break;
    default: break;
    }
    return 0;
}

static LRESULT CALLBACK on_message(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    struct dialog *d = (struct dialog *)GetWindowLongPtrW(window, GWLP_USERDATA);
    if (!d) return DefWindowProcW(window, message, wparam, lparam);
    switch (message) {
    case WM_COMMAND: return on_command(d, wparam);
    case WM_CLOSE: finish(d, false); return 0;
    case DM_GETDEFID: /* Enter means no where nothing was typed: it may have been meant for the page */
        return MAKELONG(d->question.kind == WINDOW_PAIR ? IDCANCEL : IDOK, DC_HASDEFID);
    case WM_TIMER:
        KillTimer(window, ID_CALM);
        d->calm = true;
        update(d);
        return 0;
    case WM_CTLCOLORSTATIC:
        SetBkMode((HDC)wparam, TRANSPARENT);
        return (LRESULT)GetSysColorBrush(COLOR_BTNFACE);
    default: return DefWindowProcW(window, message, wparam, lparam);
    }
}

/* The agent hangs up when the page has gone: reading ends then. */
static DWORD WINAPI watch_agent(void *argument)
{
    struct dialog *d = argument;
    char rest;
    DWORD n;
    while (ReadFile(d->channel, &rest, 1, &n, NULL) && n > 0) {}
    PostMessageW(d->window, WM_CLOSE, 0, 0);
    return 0;
}

/* ---- the process ---- */

static bool read_whole(HANDLE from, void *into, size_t len)
{
    for (size_t got = 0; got < len;) {
        DWORD n;
        if (!ReadFile(from, (char *)into + got, (DWORD)(len - got), &n, NULL) || n == 0) return false;
        got += n;
    }
    return true;
}

static bool read_question(HANDLE from, uint8_t *buffer, struct window_question *ret)
{
    uint8_t head[4];
    if (!read_whole(from, head, sizeof head)) return false;
    struct reader r = reader_of(BYTES(head));
    size_t len = read_u32(&r);
    if (len > WINDOW_QUESTION_MAX || !read_whole(from, buffer, len)) return false;
    return !failed(window_question_read(buffer, len, ret));
}

static void run(struct dialog *d)
{
    WNDCLASSEXW class = { .cbSize = sizeof class, .lpfnWndProc = on_message, .hInstance = GetModuleHandleW(NULL),
                          .hCursor = LoadCursorW(NULL, (const wchar_t *)IDC_ARROW),
                          .hbrBackground = GetSysColorBrush(COLOR_BTNFACE), .lpszClassName = L"HufuAgentWindow" };
    RegisterClassExW(&class);
    d->window = CreateWindowExW(WS_EX_TOPMOST | WS_EX_CONTROLPARENT, class.lpszClassName, wide("USBKey 控件"),
                                WS_CAPTION | WS_SYSMENU, 0, 0, 100, 100, NULL, NULL, class.hInstance, NULL);
    if (!d->window) {
        d->answer->verdict = WINDOW_NO_DISPLAY;
        return;
    }
    SetWindowLongPtrW(d->window, GWLP_USERDATA, (LONG_PTR)d);
    build(d);
    HANDLE watcher = CreateThread(NULL, 0, watch_agent, d, 0, NULL);
    if (watcher) CloseHandle(watcher);
    for (MSG m; GetMessageW(&m, NULL, 0, 0) > 0;) {
        if (IsDialogMessageW(d->window, &m)) continue;
        TranslateMessage(&m);
        DispatchMessageW(&m);
    }
}

/* Memory for everything that is typed. */
struct typed {
    struct window_answer answer;
    struct pin again;
    wchar_t text[PIN_MAX + 1];
};

int main(void)
{
    static uint8_t buffer[WINDOW_QUESTION_MAX];
    struct typed *typed = system_take(sizeof *typed, NULL);
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    if (failed(system_init()) || !typed) return 1;
    struct dialog d = { .answer = &typed->answer, .again = &typed->again, .typed = typed->text, .channel = in };
    if (!read_question(in, buffer, &d.question)) return 1;
    SetProcessDPIAware();
    run(&d);
    DWORD n;
    /* The watcher still reads on this handle; the answer goes out beside it, as a pipe has two directions. */
    WriteFile(out, &typed->answer, sizeof typed->answer, &n, NULL);
    system_give(typed, sizeof *typed);
    ExitProcess(0);
}
