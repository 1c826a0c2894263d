#include "token/agent/words.h"

#include <stdlib.h>

#include "base/clock.h"

/* How one field is shown. */
enum show { SHOW, SHOW_TIME, SHOW_CHOICE };

struct label {
    const char *name, *label;
    enum show show;
};

/* Fields in the order of interest; those not listed (one-time numbers, hashes) say nothing to a person. */
static const struct label login_labels[] = {
    { "relying_party", "登录到", SHOW },         { "origin", "网站", SHOW },
    { "certificate", "证书序列号", SHOW },       { "time", "时间", SHOW_TIME },
};
static const struct label approve_labels[] = {
    { "application", "受理单", SHOW },           { "service", "业务", SHOW_CHOICE },
    { "holder_name", "使用人", SHOW },           { "organization_name", "单位", SHOW },
    { "organization", "统一社会信用代码", SHOW }, { "medium", "存储方式", SHOW_CHOICE },
    { "validity", "有效期", SHOW_CHOICE },       { "revokes", "吊销的证书", SHOW },
    { "reason", "吊销原因", SHOW_CHOICE },       { "operator_serial", "我的证书", SHOW },
    { "time", "时间", SHOW_TIME },
};
static const struct label reject_labels[] = {
    { "application", "受理单", SHOW },           { "service", "业务", SHOW_CHOICE },
    { "holder_name", "使用人", SHOW },           { "words", "不通过的原因", SHOW },
    { "operator_serial", "我的证书", SHOW },     { "time", "时间", SHOW_TIME },
};
static const struct label card_labels[] = {
    { "application", "受理单", SHOW },           { "card", "USBKey 序列号", SHOW },
    { "operator_serial", "我的证书", SHOW },     { "time", "时间", SHOW_TIME },
};
static const struct label produce_labels[] = {
    { "application", "受理单", SHOW },           { "card", "USBKey 序列号", SHOW },
    { "public_key", "新公钥", SHOW },            { "delivery", "交付", SHOW_CHOICE },
    { "operator_serial", "我的证书", SHOW },     { "time", "时间", SHOW_TIME },
};
static const struct label operator_labels[] = {
    { "change", "变更", SHOW_CHOICE },           { "name", "操作员", SHOW },
    { "roles", "角色", SHOW_CHOICE },            { "card", "USBKey 序列号", SHOW },
    { "serial", "移除的证书", SHOW },            { "operator_serial", "我的证书", SHOW },
    { "time", "时间", SHOW_TIME },
};
static const struct label release_labels[] = {
    { "application", "受理单", SHOW },           { "holder_name", "使用人", SHOW },
    { "certificates", "解冻的证书", SHOW },      { "operator_serial", "我的证书", SHOW },
    { "time", "时间", SHOW_TIME },
};
static const struct label custody_labels[] = {
    { "custodians", "密钥保管人", SHOW },        { "threshold", "开启所需人数", SHOW },
    { "version", "托管密钥版本", SHOW },         { "operator_serial", "我的证书", SHOW },
    { "time", "时间", SHOW_TIME },
};
static const struct label judicial_labels[] = {
    { "case_number", "案号", SHOW },             { "authority", "请求机关", SHOW },
    { "holder_name", "使用人", SHOW },           { "certificate", "加密证书", SHOW },
    { "operator_serial", "我的证书", SHOW },     { "time", "时间", SHOW_TIME },
};
static const struct label download_labels[] = {
    { "service", "业务", SHOW_CHOICE },          { "application", "受理单", SHOW },
    { "origin", "网站", SHOW },                  { "card", "USBKey 序列号", SHOW },
    { "certificate", "被替换的证书", SHOW },     { "public_key", "新公钥", SHOW },
    { "time", "时间", SHOW_TIME },
};
static const struct label attest_labels[] = {
    { "card", "USBKey 序列号", SHOW },
    { "public_key", "公钥", SHOW },
};

static const struct kind {
    const struct shape *shape;
    enum words_kind kind;
    const char *title;
    const char *certificate; /* the field that names the signer's certificate */
    const struct label *labels;
    size_t count;
} kinds[] = {
    { &login_statement_shape, WORDS_LOGIN, "登录", "certificate", login_labels, COUNT(login_labels) },
    { &approve_statement_shape, WORDS_OPERATOR, "审核通过", "operator_serial", approve_labels, COUNT(approve_labels) },
    { &reject_statement_shape, WORDS_OPERATOR, "审核不通过", "operator_serial", reject_labels, COUNT(reject_labels) },
    { &card_statement_shape, WORDS_OPERATOR, "开始制作 USBKey", "operator_serial", card_labels, COUNT(card_labels) },
    { &produce_statement_shape, WORDS_OPERATOR, "为 USBKey 签发证书", "operator_serial", produce_labels,
      COUNT(produce_labels) },
    { &produce_1_statement_shape, WORDS_OPERATOR, "为 USBKey 签发证书", "operator_serial", produce_labels,
      COUNT(produce_labels) },
    { &operator_statement_shape, WORDS_OPERATOR, "变更操作员名册", "operator_serial", operator_labels,
      COUNT(operator_labels) },
    { &release_statement_shape, WORDS_OPERATOR, "解除证书冻结", "operator_serial", release_labels, COUNT(release_labels) },
    { &custody_statement_shape, WORDS_OPERATOR, "任命密钥保管人", "operator_serial", custody_labels,
      COUNT(custody_labels) },
    { &judicial_statement_shape, WORDS_OPERATOR, "为司法恢复开启加密密钥", "operator_serial", judicial_labels,
      COUNT(judicial_labels) },
    { &download_statement_shape, WORDS_DOWNLOAD, "下载新证书", "certificate", download_labels,
      COUNT(download_labels) },
    { &attest_statement_shape, WORDS_ATTEST, "USBKey 自证", NULL, attest_labels, COUNT(attest_labels) },
};

/* Words of the API that the pages show otherwise (glossary of docs). */
static const struct {
    const char *word, *shown;
} choices[] = {
    { "usbkey", "USBKey" },
    { "shield", "手机盾" },
    { "apply", "证书申请" },
    { "renew", "证书延期" },
    { "unlock", "USBKey 解锁" },
    { "lost", "证书补办" },
    { "damaged", "证书更换" },
    { "revoke", "证书吊销" },
    { "change", "使用人变更" },
    { "reissue", "证书换发" },
    { "hold", "证书冻结" },
    { "release", "证书解冻" },
    { "recover", "密钥恢复" },
    { "1y", "自签发起一年" },
    { PRODUCE_POST, "邮寄，使用人确认收货前证书冻结" },
    { "unspecified", "未说明" },
    { "keyCompromise", "密钥泄露" },
    { "affiliationChanged", "人员或单位变动" },
    { "superseded", "已被替换" },
    { "cessationOfOperation", "停止使用" },
    { "privilegeWithdrawn", "取消资格" },
    { "add", "增加" },
    { "remove", "移除" },
    { "administrator", "管理员" },
    { "reviewer", "审核员" },
    { "producer", "制证员" },
    { "finance", "财务" },
    { "auditor", "审计员" },
};

/* A word of the table, as it is shown; what is not in it is shown as it stands. */
static void write_choice(struct writer *w, struct bytes word)
{
    for (size_t i = 0; i < COUNT(choices); i++) {
        if (!bytes_equal(word, bytes_text(choices[i].word))) continue;
        write_text(w, choices[i].shown);
        return;
    }
    write_bytes(w, word);
}

static void write_time(struct writer *w, struct bytes digits)
{
    char number[24] = { 0 }, shown[CIVIL_TEXT_MAX];
    uint64_t time_s;
    if (digits.len < sizeof number) memcpy(number, digits.ptr, digits.len);
    if (failed(text_number(number, (uint64_t)253402300799, &time_s))) {
        write_bytes(w, digits);
        return;
    }
    civil_people((int64_t)time_s, shown);
    write_text(w, shown);
}

static void write_shown(struct writer *w, const char *value, enum show show)
{
    struct bytes all = bytes_text(value);
    if (show == SHOW_TIME) {
        write_time(w, all);
    } else if (show == SHOW_CHOICE && text_starts(value, "until:")) {
        write_text(w, "至 ");
        write_time(w, bytes_text(value + strlen("until:")));
    } else if (show == SHOW_CHOICE) {
        for (const char *word = value;; word++) { /* several are joined by commas */
            size_t n = strcspn(word, ",");
            write_choice(w, bytes_of(word, n));
            word += n;
            if (!*word) break;
            write_text(w, "、");
        }
    } else {
        write_bytes(w, all);
    }
}

static const char *value_of(const struct shape *shape, const void *record, const char *name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (strcmp(shape->fields[i].name, name) == 0)
            return *(const char *const *)shape_at_const(&shape->fields[i], record);
    return NULL;
}

static struct result add_lines(const struct kind *kind, const void *record, struct arena *arena, struct words *words)
{
    for (size_t i = 0; i < kind->count; i++) {
        const char *value = value_of(kind->shape, record, kind->labels[i].name);
        if (!value || strcmp(value, "-") == 0) continue;
        char room[STATEMENT_VALUE_MAX * 2];
        struct writer w = writer_of(room, sizeof room);
        write_shown(&w, value, kind->labels[i].show);
        struct bytes shown;
        TRY(writer_end(&w, &shown));
        char *text = arena_text(arena, shown);
        ENSURE(text && words->count < WORDS_LINES_MAX, ERROR_OUT_OF_ROOM);
        words->lines[words->count].label = kind->labels[i].label;
        words->lines[words->count++].value = text;
    }
    return OK;
}

struct result words_read(const char *statement, struct arena *arena, struct words *ret_words)
{
    const struct kind *kind = NULL;
    size_t tag = strcspn(statement, "\n");
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (bytes_equal(bytes_of(statement, tag), bytes_text(kinds[i].shape->name))) kind = &kinds[i];
    ENSURE(kind, ERROR_AGENT_STATEMENT);
    void *record = arena_take(arena, kind->shape->size);
    ENSURE(record, ERROR_OUT_OF_ROOM);
    ENSURE(!failed(statement_read(kind->shape, statement, arena, record)), ERROR_AGENT_STATEMENT);
    struct words words = { .kind = kind->kind, .shape = kind->shape, .title = kind->title };
    words.origin = value_of(kind->shape, record, "origin");
    words.certificate = kind->certificate ? value_of(kind->shape, record, kind->certificate) : NULL;
    words.card = value_of(kind->shape, record, "card");
    words.public_key = value_of(kind->shape, record, "public_key");
    TRY(add_lines(kind, record, arena, &words));
    *ret_words = words;
    return OK;
}
