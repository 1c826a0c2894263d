/* What gateways send, by its first byte: a form, an answer or a bill. What is taken lies within what came and its
 * limits, and a form reads the same when written again. */
#include <assert.h>
#include <stdlib.h>

#include "relay/alipay_answer.h"
#include "relay/alipay_bill.h"
#include "relay/alipay_signed.h"
#include "relay/wechat_bill.h"

enum { ARENA = 16 * 1024 * 1024, ROWS = 100000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void form(struct bytes text, struct arena *arena)
{
    struct url_form first, again;
    if (failed(url_form_parse(text, arena, &first))) return;
    assert(first.count > 0 && first.count <= URL_FORM_PAIRS_MAX);
    assert(alipay_signed(&first, true, arena).len <= URL_FORM_MAX);
    const char *written = url_form_encode(&first, arena);
    if (!written || failed(url_form_parse(bytes_text(written), arena, &again))) return; /* it has grown too long */
    assert(again.count == first.count);
    for (size_t i = 0; i < again.count; i++) {
        assert(text_equal(again.pairs[i].name, first.pairs[i].name));
        assert(text_equal(again.pairs[i].value, first.pairs[i].value));
    }
}

static void answer(struct bytes text)
{
    struct bytes found = alipay_member(text, "alipay_trade_query_response");
    if (!found.ptr) return;
    assert(found.ptr >= text.ptr && found.len <= text.len && found.ptr + found.len <= text.ptr + text.len);
}

static void bill(struct bytes text, struct arena *arena, bool archive)
{
    struct bill bill;
    struct relay_bill whole;
    assert(!failed(bill_begin(&bill, 0, arena)));
    if (failed(archive ? alipay_bill_read(text, arena, &bill) : wechat_bill_read(text, arena, &bill))) return;
    assert(bill.count >= 0 && bill.count < ROWS);
    assert(!failed(bill_end(&bill, &whole)) && whole.rows.len <= BILL_PAGE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct arena *arena = arena_new(ARENA);
    assert(arena);
    struct bytes text = bytes_of(data + 1, size - 1);
    switch (data[0]) {
    case 'f': form(text, arena); break;
    case 'a': answer(text); break;
    case 'w': bill(text, arena, false); break;
    case 'z': bill(text, arena, true); break;
    }
    arena_free(arena);
    return 0;
}
