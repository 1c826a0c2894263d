#include "service/item.h"

#include <string.h>

#include "base/text.h"

static const struct item items[] = {
    { "organization", "企业信息", NULL },
    { "organization_name", "单位名称", "organization" },
    { "credit_code", "统一社会信用代码", "organization" },
    { "organization_address", "单位地址", "organization" },
    { "holder", "使用人信息", NULL },
    { "holder_name", "使用人姓名", "holder" },
    { "document_type", "证件类型", "holder" },
    { "document_number", "证件号码", "holder" },
    { "mobile", "手机号码", "holder" },
    { "email", "电子邮箱", "holder" },
    { "invoice", "开票信息", NULL },
    { "invoice_title", "发票抬头", "invoice" },
    { "tax_number", "纳税人识别号", "invoice" },
    { "invoice_email", "发票接收邮箱", "invoice" },
    { "medium", "证书存储方式和邮寄地址", NULL },
    { "recipient", "收件人", "medium" },
    { "recipient_mobile", "收件人手机", "medium" },
    { "province", "省份", "medium" },
    { "address", "详细地址", "medium" },
    { "postcode", "邮政编码", "medium" },
    { "reason", "吊销原因", NULL },
    { "successor_mobile", "新使用人", NULL },
    { "form", "受理表扫描件", NULL },
    { "license", "单位证照复印件", NULL },
    { "identity", "使用人身份证件复印件", NULL },
    { "identity-new", "新使用人身份证件复印件", NULL },
    { "letter", "委托书", NULL },
};

const struct item *item_find(const char *name)
{
    for (size_t i = 0; i < COUNT(items); i++)
        if (text_equal(items[i].name, name)) return &items[i];
    return NULL;
}

/* The next name of a list joined by commas, as a view; false at its end. */
static bool next_name(const char **from, struct bytes *ret_name)
{
    if (!*from) return false;
    size_t len = strcspn(*from, ",");
    *ret_name = bytes_of(*from, len);
    *from = (*from)[len] ? *from + len + 1 : NULL;
    return true;
}

static const struct item *find_view(struct bytes name)
{
    for (size_t i = 0; i < COUNT(items); i++)
        if (bytes_equal(bytes_text(items[i].name), name)) return &items[i];
    return NULL;
}

/* What KIND does not ask for cannot be asked for again. */
static bool fits(enum kind kind, const struct item *item)
{
    if (text_equal(item->name, "reason")) return kind == KIND_REVOKE;
    if (text_equal(item->name, "successor_mobile")) return kind_rule(kind)->successor;
    bool scan = text_equal(item->name, "form") || text_equal(item->name, "license") ||
                text_equal(item->name, "letter") || text_starts(item->name, "identity");
    return !scan || kind_scan(kind, item->name);
}

bool item_list_right(enum kind kind, const char *list)
{
    bool seen[COUNT(items)] = { false };
    const char *from = list;
    struct bytes name;
    if (!list || strlen(list) > ITEM_LIST_MAX) return false;
    while (next_name(&from, &name)) {
        const struct item *item = find_view(name);
        if (!item || !fits(kind, item) || seen[item - items]) return false;
        seen[item - items] = true;
    }
    return true;
}

bool item_listed(const char *list, const char *name)
{
    const struct item *item = item_find(name);
    const char *from = list;
    struct bytes listed;
    while (next_name(&from, &listed)) {
        if (bytes_equal(listed, bytes_text(name))) return true;
        if (item && item->within && bytes_equal(listed, bytes_text(item->within))) return true;
    }
    return false;
}

const char *item_list_words(struct arena *arena, const char *list)
{
    char text[2048];
    struct writer w = writer_of(text, sizeof text);
    const char *from = list;
    struct bytes name, written;
    while (next_name(&from, &name)) {
        const struct item *item = find_view(name);
        if (w.len) write_text(&w, "、");
        if (item) write_text(&w, item->words);
        else write_bytes(&w, name);
    }
    if (!list || failed(writer_end(&w, &written))) return "-";
    return arena_text(arena, written);
}

const char *item_sections(struct arena *arena, int64_t bits)
{
    static const char *const names[] = { "organization", "holder", "invoice" };
    char text[64];
    struct writer w = writer_of(text, sizeof text);
    for (size_t i = 0; i < COUNT(names); i++)
        if (bits & 1 << i) write_format(&w, "%s%s", w.len ? "," : "", names[i]);
    return w.len ? arena_text(arena, bytes_of(text, w.len)) : NULL;
}
