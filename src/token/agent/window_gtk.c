/* hufu-agent-window: shows one question of hufu-agent and hands back the answer (window_api.h), with GTK 3. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <gtk/gtk.h>

#include "base/secret.h"
#include "token/agent/system.h"
#include "token/agent/window_api.h"
#include "token/agent/window_pin_buffer.h"

enum { WIDTH = 460, SPACE = 8, CALM_MS = 700 };

/* One window. */
struct dialog {
    struct window_question question;
    struct window_answer *answer;   /* locked memory */
    struct pin *again;              /* the new PIN once more; locked memory too */
    GtkWidget *window, *accept, *confirm; /* confirm: the last tries; NULL where there are enough */
    GtkWidget *mismatch;            /* WINDOW_NEW_PIN: what is not yet right */
    bool calm;                      /* the window has been there long enough to be read */
};

static const char style[] =
    ".hufu-title { font-size: 150%; font-weight: bold; }"
    ".hufu-origin { font-weight: bold; padding: 8px; border-radius: 4px; background: #eef3fb; color: #123a78; }"
    ".hufu-problem { color: #b00020; font-weight: bold; }"
    ".hufu-label { color: #555555; }";

/* ---- answering ---- */

static void send_answer(const struct window_answer *answer)
{
    const char *p = (const char *)answer;
    for (size_t left = sizeof *answer; left;) {
        ssize_t n = write(STDOUT_FILENO, p, left);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* the agent has gone */
        p += n;
        left -= (size_t)n;
    }
}

static void on_accept(GtkButton *button, gpointer data)
{
    struct dialog *d = data;
    d->answer->verdict = WINDOW_YES;
    gtk_main_quit();
}

static void on_refuse(GtkButton *button, gpointer data)
{
    gtk_main_quit();
}

static gboolean on_close(GtkWidget *window, GdkEvent *event, gpointer data)
{
    gtk_main_quit();
    return TRUE;
}

static gboolean on_key(GtkWidget *window, GdkEventKey *event, gpointer data)
{
    if (event->keyval != GDK_KEY_Escape) return FALSE;
    gtk_main_quit();
    return TRUE;
}

/* The agent hung up: the page has gone, or it took too long. */
static gboolean on_hang_up(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    gtk_main_quit();
    return FALSE;
}

/* ---- what may be accepted now ---- */

static size_t pin_len(const struct pin *pin)
{
    return strlen(pin->text);
}

/* What keeps a new PIN from being accepted, in words; "" when nothing does, or nothing is entered yet. */
static const char *new_pin_problem(const struct dialog *d)
{
    if (pin_len(&d->answer->fresh) == 0) return "";
    if (failed(pin_check_form(d->answer->fresh.text))) return "新口令应为 6 至 16 位字母、数字或符号";
    if (pin_len(d->again) == 0) return "";
    if (strcmp(d->again->text, d->answer->fresh.text) != 0) return "两次输入的新口令不一致";
    return "";
}

static bool complete(const struct dialog *d)
{
    switch (d->question.kind) {
    case WINDOW_PIN: return pin_len(&d->answer->old) >= PIN_MIN;
    case WINDOW_NEW_PIN:
        return (d->question.preset || pin_len(&d->answer->old) >= PIN_MIN) && pin_len(d->again) >= PIN_MIN &&
               strcmp(d->again->text, d->answer->fresh.text) == 0;
    default: return true;
    }
}

static void update(struct dialog *d)
{
    bool insists = !d->confirm || gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(d->confirm));
    gtk_widget_set_sensitive(d->accept, d->calm && insists && complete(d));
    if (d->mismatch) gtk_label_set_text(GTK_LABEL(d->mismatch), new_pin_problem(d));
}

static void on_change(GtkWidget *widget, gpointer data)
{
    update(data);
}

static gboolean on_calm(gpointer data)
{
    struct dialog *d = data;
    d->calm = true;
    update(d);
    return FALSE;
}

/* ---- parts ---- */

static GtkWidget *add_label(GtkWidget *box, const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 40);
    if (class) gtk_style_context_add_class(gtk_widget_get_style_context(label), class);
    gtk_box_pack_start(GTK_BOX(box), label, FALSE, FALSE, 0);
    return label;
}

static void add_row(GtkGrid *grid, int row, const char *name, const char *value)
{
    GtkWidget *left = gtk_label_new(name), *right = gtk_label_new(value);
    gtk_label_set_xalign(GTK_LABEL(left), 0);
    gtk_label_set_yalign(GTK_LABEL(left), 0);
    gtk_label_set_xalign(GTK_LABEL(right), 0);
    gtk_label_set_line_wrap(GTK_LABEL(right), TRUE);
    gtk_label_set_line_wrap_mode(GTK_LABEL(right), PANGO_WRAP_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(right), 34);
    gtk_widget_set_hexpand(right, TRUE);
    gtk_style_context_add_class(gtk_widget_get_style_context(left), "hufu-label");
    gtk_grid_attach(grid, left, 0, row, 1, 1);
    gtk_grid_attach(grid, right, 1, row, 1, 1);
}

static void add_words(struct dialog *d, GtkWidget *box)
{
    const struct window_question *q = &d->question;
    GtkWidget *grid = gtk_grid_new();
    gtk_grid_set_row_spacing(GTK_GRID(grid), SPACE / 2);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 2 * SPACE);
    int row = 0;
    for (size_t i = 0; i < q->count; i++) add_row(GTK_GRID(grid), row++, q->lines[i].label, q->lines[i].value);
    if (q->holder[0]) add_row(GTK_GRID(grid), row++, "签名人", q->holder);
    if (q->serial[0]) add_row(GTK_GRID(grid), row++, "USBKey", q->serial);
    if (row > 0) gtk_box_pack_start(GTK_BOX(box), grid, FALSE, FALSE, 0);
}

/* A field for a PIN. Input methods are other programs: they do not get to see it. */
static GtkWidget *add_pin(struct dialog *d, GtkWidget *box, const char *name, struct pin *pin)
{
    GtkWidget *label = gtk_label_new_with_mnemonic(name);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    GtkEntryBuffer *buffer = window_pin_buffer_new(pin->text);
    GtkWidget *entry = gtk_entry_new_with_buffer(buffer);
    g_object_unref(buffer);
    gtk_entry_set_visibility(GTK_ENTRY(entry), FALSE);
    gtk_entry_set_input_purpose(GTK_ENTRY(entry), GTK_INPUT_PURPOSE_PASSWORD);
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    g_object_set(entry, "im-module", "gtk-im-context-simple", NULL);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
    g_signal_connect(entry, "changed", G_CALLBACK(on_change), d);
    gtk_box_pack_start(GTK_BOX(box), label, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(box), entry, FALSE, FALSE, 0);
    return entry;
}

static void add_pins(struct dialog *d, GtkWidget *box)
{
    GtkWidget *first = NULL;
    if (d->question.kind == WINDOW_PIN) first = add_pin(d, box, "USBKey 口令(_P)", &d->answer->old);
    if (d->question.kind == WINDOW_NEW_PIN) {
        if (d->question.preset)
            add_label(box, "这个 USBKey 还是初始口令，请设置只有您知道的新口令。", NULL);
        else
            first = add_pin(d, box, "原口令(_O)", &d->answer->old);
        GtkWidget *fresh = add_pin(d, box, "新口令(_N)", &d->answer->fresh);
        add_pin(d, box, "再输一次新口令(_A)", d->again);
        d->mismatch = add_label(box, "", "hufu-problem");
        if (!first) first = fresh;
    }
    if (first) gtk_widget_grab_focus(first);
}

static void add_tries(struct dialog *d, GtkWidget *box)
{
    const struct window_question *q = &d->question;
    if (q->problem[0]) add_label(box, q->problem, "hufu-problem");
    if (q->tries == WINDOW_NO_TRIES) return;
    char words[160];
    snprintf(words, sizeof words, "口令还可以试 %d 次，之后 USBKey 将锁定。", (int)q->tries);
    add_label(box, words, q->tries <= WINDOW_LAST_TRIES ? "hufu-problem" : NULL);
    if (q->tries > WINDOW_LAST_TRIES) return;
    d->confirm = gtk_check_button_new_with_mnemonic("我确认口令无误，继续尝试(_I)");
    g_signal_connect(d->confirm, "toggled", G_CALLBACK(on_change), d);
    gtk_box_pack_start(GTK_BOX(box), d->confirm, FALSE, FALSE, 0);
}

static void add_buttons(struct dialog *d, GtkWidget *box)
{
    static const char *const words[] = { [WINDOW_PAIR] = "允许(_Y)",
                                         [WINDOW_PIN] = "确认(_Y)",
                                         [WINDOW_NEW_PIN] = "修改口令(_Y)" };
    GtkWidget *buttons = gtk_button_box_new(GTK_ORIENTATION_HORIZONTAL);
    gtk_button_box_set_layout(GTK_BUTTON_BOX(buttons), GTK_BUTTONBOX_END);
    gtk_box_set_spacing(GTK_BOX(buttons), SPACE);
    GtkWidget *refuse = gtk_button_new_with_mnemonic(d->question.kind == WINDOW_PAIR ? "不允许(_N)" : "取消(_C)");
    d->accept = gtk_button_new_with_mnemonic(words[d->question.kind]);
    g_signal_connect(d->accept, "clicked", G_CALLBACK(on_accept), d);
    g_signal_connect(refuse, "clicked", G_CALLBACK(on_refuse), d);
    gtk_container_add(GTK_CONTAINER(buttons), refuse);
    gtk_container_add(GTK_CONTAINER(buttons), d->accept);
    gtk_box_pack_end(GTK_BOX(box), buttons, FALSE, FALSE, 0);
    gtk_widget_set_can_default(d->accept, TRUE);
    gtk_widget_set_can_default(refuse, TRUE);
    /* Enter means no where nothing was typed into the window: it may have been meant for the page. */
    gtk_window_set_default(GTK_WINDOW(d->window), d->question.kind == WINDOW_PAIR ? refuse : d->accept);
    if (d->question.kind == WINDOW_PAIR) gtk_widget_grab_focus(refuse);
}

static const char *origin_words(const struct window_question *q)
{
    switch (q->kind) {
    case WINDOW_PAIR: return "下面的网站想使用这台电脑上的 USBKey：查看证书，在您输入口令后签名。以后不再询问。";
    case WINDOW_PIN: return "下面的网站请您用 USBKey 签名：";
    default: return "下面的网站请您修改 USBKey 口令：";
    }
}

static void build(struct dialog *d)
{
    const struct window_question *q = &d->question;
    GtkCssProvider *css = gtk_css_provider_new();
    gtk_css_provider_load_from_data(css, style, -1, NULL);
    gtk_style_context_add_provider_for_screen(gdk_screen_get_default(), GTK_STYLE_PROVIDER(css),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
    g_object_unref(css);
    d->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk_window_set_title(GTK_WINDOW(d->window), "USBKey 控件");
    gtk_window_set_default_size(GTK_WINDOW(d->window), WIDTH, -1);
    gtk_window_set_resizable(GTK_WINDOW(d->window), FALSE);
    gtk_window_set_position(GTK_WINDOW(d->window), GTK_WIN_POS_CENTER);
    gtk_window_set_keep_above(GTK_WINDOW(d->window), TRUE);
    gtk_window_set_icon_name(GTK_WINDOW(d->window), "hufu-agent");
    g_signal_connect(d->window, "delete-event", G_CALLBACK(on_close), d);
    g_signal_connect(d->window, "key-press-event", G_CALLBACK(on_key), d);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE);
    gtk_container_set_border_width(GTK_CONTAINER(box), 2 * SPACE);
    gtk_container_add(GTK_CONTAINER(d->window), box);
    add_label(box, q->title, "hufu-title");
    add_label(box, origin_words(q), NULL);
    add_label(box, q->origin, "hufu-origin");
    add_words(d, box);
    add_pins(d, box);
    add_tries(d, box);
    add_buttons(d, box);
    update(d);
    g_timeout_add(CALM_MS, on_calm, d);
    gtk_widget_show_all(d->window);
    gtk_window_present(GTK_WINDOW(d->window));
}

/* ---- the process ---- */

static bool read_whole(void *into, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read(STDIN_FILENO, (char *)into + got, len - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        got += (size_t)n;
    }
    return true;
}

static bool read_question(uint8_t *buffer, struct window_question *ret)
{
    uint8_t head[4];
    if (!read_whole(head, sizeof head)) return false;
    struct reader r = reader_of(BYTES(head));
    size_t len = read_u32(&r);
    if (len > WINDOW_QUESTION_MAX || !read_whole(buffer, len)) return false;
    return !failed(window_question_read(buffer, len, ret));
}

/* Memory for everything that is typed. */
struct typed {
    struct window_answer answer;
    struct pin again;
};

int main(int argc, char **argv)
{
    static uint8_t buffer[WINDOW_QUESTION_MAX];
    struct typed *typed = system_take(sizeof *typed, NULL);
    if (failed(system_init()) || !typed) return 1;
    struct dialog d = { .answer = &typed->answer, .again = &typed->again };
    if (!read_question(buffer, &d.question)) return 1;
    if (!gtk_init_check(NULL, NULL)) {
        typed->answer.verdict = WINDOW_NO_DISPLAY;
        send_answer(&typed->answer);
        return 1;
    }
    GIOChannel *agent = g_io_channel_unix_new(STDIN_FILENO);
    g_io_add_watch(agent, G_IO_HUP | G_IO_ERR, on_hang_up, NULL);
    build(&d);
    gtk_main();
    if (typed->answer.verdict != WINDOW_YES) secret_wipe(typed, sizeof *typed);
    send_answer(&typed->answer);
    system_give(typed, sizeof *typed);
    return 0;
}
