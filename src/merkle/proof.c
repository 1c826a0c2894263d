#include "merkle/proof.h"

/* Nothing that ROOT issues but the certificate of tree heads is for signatures alone and is no CA (pki/profile.h). */
static struct result head_key(const struct proof *proof, const struct certificate *root, struct arena *arena,
                              struct diag *diag, struct certificate **ret_certificate)
{
    struct certificate *c;
    if (failed(certificate_parse(proof->head_certificate, arena, &c)))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the certificate of the head is not well-formed");
    if (!name_equal(&c->issuer, &root->subject) || failed(certificate_check_signature(c, &root->key)))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the certificate of the head was not issued by this root");
    if (c->ca || c->key_usage != KEY_USAGE_DIGITAL_SIGNATURE || !public_key_as_sm2(&c->key))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the certificate of the head is for something else");
    *ret_certificate = c;
    return OK;
}

static struct result check_head(const struct proof *proof, const struct certificate *root, struct arena *arena,
                                struct diag *diag, struct head *ret_head)
{
    struct certificate *by = NULL;
    struct head head;
    TRY(head_key(proof, root, arena, diag, &by));
    if (failed(head_check(proof->head, public_key_as_sm2(&by->key), arena, &head)))
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the signature of the head does not hold");
    if (head.time_s < by->not_before_s || head.time_s > by->not_after_s)
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the head was signed when its certificate did not hold");
    if (head.size != proof->size)
        return diag_log(diag, ERROR_JOURNAL_HEAD, "the head is of %llu records, the proof of %llu",
                        (unsigned long long)head.size, (unsigned long long)proof->size);
    *ret_head = head;
    return OK;
}

static struct result read_data(struct bytes data, struct ledger_record *ret_record)
{
    struct reader r = reader_of(data);
    struct ledger_record record = { .type = read_u16(&r), .version = read_u8(&r), .time_s = (int64_t)read_u64(&r) };
    (void)read_bytes(&r, LEDGER_SALT_SIZE);
    record.body = read_bytes(&r, r.left);
    TRY(reader_end(&r));
    *ret_record = record;
    return OK;
}

struct result proof_check(const struct proof *proof, const struct certificate *root, struct arena *arena,
                          struct diag *diag, struct proven *ret_proven)
{
    struct proven proven;
    struct sm3 sm3;
    TRY(check_head(proof, root, arena, diag, &proven.head));
    tree_leaf_begin(&sm3);
    sm3_update(&sm3, proof->data);
    sm3_final(&sm3, proven.leaf.b);
    if (proof->leaf >= proof->size || failed(tree_check_inclusion(&proven.leaf, proof->leaf, proof->size, proof->path,
                                                                  &proven.head.root)))
        return diag_log(diag, ERROR_JOURNAL_PROOF, "the path from record %llu does not lead to the head's root",
                        (unsigned long long)proof->leaf);
    if (failed(read_data(proof->data, &proven.record)))
        return diag_log(diag, ERROR_JOURNAL_PROOF, "record %llu is no record", (unsigned long long)proof->leaf);
    *ret_proven = proven;
    return OK;
}
