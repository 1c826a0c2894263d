/* The agent's HTTP parser: whatever comes, what it takes lies within the head and its limits. */
#include <assert.h>

#include "token/agent/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_view(struct bytes view, const uint8_t *data, size_t size)
{
    if (!view.ptr) return;
    assert(view.ptr >= data && view.len <= size && view.ptr + view.len <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request r;
    struct diag diag = { 0 };
    size_t head = http_head_end(bytes_of(data, size));
    assert(head <= size);
    if (failed(http_parse(bytes_of(data, head ? head : size), &diag, &r))) {
        assert(diag.log[0]);
        return 0;
    }
    assert(head > 0 && r.length <= HTTP_BODY_MAX && r.operation.len > 0 && r.operation.len <= 32);
    const struct bytes views[] = { r.operation, r.host, r.origin, r.content_type, r.pairing, r.asked_method };
    for (size_t i = 0; i < COUNT(views); i++) check_view(views[i], data, head);
    return 0;
}
