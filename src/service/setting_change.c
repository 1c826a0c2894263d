#include "service/setting_change.h"

#include "base/random.h"
#include "service/audit.h"
#include "service/page.h"

const char setting_tariff[] = "tariff", setting_notice[] = "notice";

struct result setting_change_write(struct tx *tx, const struct act *act, const struct setting_change *change)
{
    struct setting_change_row row = { .id = random_id_rising(), .kind = change->kind, .name = change->name,
                                      .old_text = change->before, .new_text = change->after, .made_by = act->name,
                                      .made_by_id = act->serial ? act->serial : "-", .made_s = act->now_s };
    TRY(tx_run(tx, STATEMENT_SETTING_CHANGE_INSERT, RECORD(setting_change_row_shape, &row), NULL));
    return audit_write(tx, act, change->action, change->name, change->detail);
}

static const struct page_list changes = PAGE_LIST(STATEMENT_SETTING_CHANGE_LIST, setting_change_row, made_s,
                                                  SETTING_CHANGE_PAGE);

struct result setting_change_list(const struct act *act, const char *kind, const char *name, const char *after,
                                  struct setting_change_row **ret_rows, size_t *ret_count, const char **ret_next)
{
    struct key_row key;
    void *rows;
    TRY(page_by_time(after, SETTING_CHANGE_PAGE, act->diag, &key));
    key.state = kind;
    key.key = name ? name : "%";
    TRY(page_read(act->service->store, &changes, RECORD(key_row_shape, &key), act->arena, &rows, ret_count, ret_next));
    *ret_rows = rows;
    return OK;
}
