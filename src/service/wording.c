#include "service/wording.h"

#include "service/setting_change.h"

/* What VERSION of somebody's words makes of TEMPLATE's; ROW NULL: there is none. */
static struct wording wording_of(const struct template *template, const struct wording_row *row, struct arena *arena)
{
    struct wording w = { .template = template, .words = { template->sms, template->subject, template->text } };
    if (!row) return w;
    struct template_words words = { row->sms, row->subject, row->text };
    w.version = row->version;
    w.changed_by = row->changed_by;
    w.changed_s = row->changed_s;
    if (row->shipped) return w;
    w.unfit = failed(template_check(template, &words, arena, NULL));
    w.changed = !w.unfit;
    if (w.changed) w.words = words;
    return w;
}

struct result wording_get(struct tx *tx, const struct template *template, struct arena *arena,
                          struct wording *ret_wording)
{
    struct key_row key = { .key = template->name };
    struct wording_row row;
    struct result r = tx_one(tx, STATEMENT_WORDING_GET, RECORD(key_row_shape, &key), arena, &wording_row_shape, &row);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    *ret_wording = wording_of(template, failed(r) ? NULL : &row, arena);
    return OK;
}

struct result wording_list(const struct act *act, struct wording **ret_list, size_t *ret_count)
{
    struct key_row key = { .limit_count = STORE_LIST_MAX };
    void *found;
    size_t count;
    TRY(store_list(act->service->store, STATEMENT_WORDING_LIST, RECORD(key_row_shape, &key), act->arena,
                   &wording_row_shape, STORE_LIST_MAX, &found, &count));
    const struct wording_row *rows = found;
    struct wording *list = arena_array(act->arena, notice_templates_count, sizeof *list);
    ENSURE(list, ERROR_OUT_OF_ROOM);
    for (size_t i = 0; i < notice_templates_count; i++) {
        const struct wording_row *row = NULL;
        for (size_t k = 0; k < count; k++)
            if (text_equal(rows[k].name, notice_templates[i].name)) row = &rows[k];
        list[i] = wording_of(&notice_templates[i], row, act->arena);
    }
    *ret_list = list;
    *ret_count = notice_templates_count;
    return OK;
}

struct looking {
    const struct act *act;
    const struct template *template;
    struct wording wording;
};

static struct result look(struct tx *tx, void *context)
{
    struct looking *l = context;
    return wording_get(tx, l->template, l->act->arena, &l->wording);
}

struct result wording_find(const struct act *act, const char *name, struct wording *ret_wording)
{
    struct looking l = { .act = act, .template = template_find(name) };
    ENSURE(l.template, ERROR_NOT_FOUND);
    TRY(store_read(act->service->store, look, &l));
    *ret_wording = l.wording;
    return OK;
}

/* ---- changing ---- */

struct changing {
    const struct act *act;
    const struct template *template;
    int64_t version;
    const struct template_words *words; /* NULL: the program's own */
    struct wording wording;
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? text_equal(a, b) : a == b;
}

static bool same_words(const struct template_words *a, const struct template_words *b)
{
    return same_text(a->sms, b->sms) && same_text(a->subject, b->subject) && same_text(a->text, b->text);
}

/* As people read it. */
static const char *shown(struct arena *arena, const struct template_words *words)
{
    const char *sms = words->sms ? arena_format(arena, "短信：%s\n", words->sms) : "";
    if (!words->text) return sms;
    return sms ? arena_format(arena, "%s邮件主题：%s\n邮件正文：\n%s", sms, words->subject, words->text) : NULL;
}

/* The row may be the first of its name: VERSION 0 has none. */
static struct result put(struct tx *tx, const struct wording_row *row)
{
    struct result r = row->version == 1
                          ? tx_run(tx, STATEMENT_WORDING_INSERT, RECORD(wording_row_shape, row), NULL)
                          : tx_change(tx, STATEMENT_WORDING_CHANGE, RECORD(wording_row_shape, row));
    ENSURE(r.code != ERROR_STORE_EXISTS && r.code != ERROR_STORE_CONFLICT, ERROR_SETTING_VERSION);
    return r;
}

static struct result change(struct tx *tx, void *context)
{
    struct changing *c = context;
    const struct act *act = c->act;
    const struct template *t = c->template;
    const struct template_words own = { t->sms, t->subject, t->text };
    const struct template_words *words = c->words ? c->words : &own;
    struct wording before;
    TRY(wording_get(tx, t, act->arena, &before));
    ENSURE(before.version == c->version, ERROR_SETTING_VERSION);
    ENSURE(!same_words(&before.words, words) || before.unfit, ERROR_TEMPLATE_SAME);
    struct wording_row row = { .name = t->name, .version = c->version + 1, .shipped = c->words ? 0 : 1,
                               .changed_by = act->name, .changed_s = act->now_s };
    if (c->words) {
        row.sms = words->sms;
        row.subject = words->subject;
        row.text = words->text;
    }
    TRY(put(tx, &row));
    struct setting_change entry = { .kind = setting_notice, .name = t->name, .detail = t->title,
                                    .action = c->words ? "template.change" : "template.restore",
                                    .before = shown(act->arena, &before.words), .after = shown(act->arena, words) };
    ENSURE(entry.before && entry.after, ERROR_OUT_OF_ROOM);
    c->wording = wording_of(t, &row, act->arena);
    return setting_change_write(tx, act, &entry);
}

struct result wording_change(const struct act *act, const char *name, int64_t version,
                             const struct template_words *words, struct wording *ret_wording)
{
    struct changing c = { .act = act, .template = template_find(name), .version = version, .words = words };
    ENSURE(c.template, ERROR_NOT_FOUND);
    if (words) TRY(template_check(c.template, words, act->arena, act->diag));
    TRY(store_write(act->service->store, change, &c));
    *ret_wording = c.wording;
    return OK;
}
