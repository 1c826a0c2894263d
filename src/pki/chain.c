#include "pki/chain.h"

/* Where the search for a path stands: from the leaf upward. */
struct path {
    const struct chain *chain;
    const struct certificate *certificates[CHAIN_DEPTH_MAX + 1]; /* leaf first */
    size_t count;
    const struct certificate *failed;
};

/* Whether ISSUER may be the one that CHILD names. */
static bool names(const struct certificate *child, const struct certificate *issuer)
{
    if (!name_equal(&child->issuer, &issuer->subject)) return false;
    if (!child->authority_key_id.ptr || !issuer->subject_key_id.ptr) return true;
    return bytes_equal(child->authority_key_id, issuer->subject_key_id);
}

/* Among COUNT candidates the one that CHILD names and whose key signed it; NULL if none. RET_NAMED becomes
 * true when one was named at all. */
static const struct certificate *find_issuer(const struct certificate *child,
                                             const struct certificate *const *candidates, size_t count,
                                             bool *ret_named)
{
    for (size_t i = 0; i < count; i++) {
        if (!names(child, candidates[i])) continue;
        *ret_named = true;
        if (!failed(certificate_check_signature(child, &candidates[i]->key))) return candidates[i];
    }
    return NULL;
}

static bool is_anchor(const struct chain *chain, const struct certificate *c)
{
    for (size_t i = 0; i < chain->anchor_count; i++)
        if (bytes_equal(chain->anchors[i]->der, c->der)) return true;
    return false;
}

/* Puts issuer after issuer on the path until an anchor is reached; each one's signature is checked before it
 * is looked at further. */
static struct result climb(struct path *path)
{
    const struct chain *chain = path->chain;
    const struct certificate *at = chain->leaf;
    path->certificates[path->count++] = at;
    while (!is_anchor(chain, at)) {
        bool named = false;
        path->failed = at;
        ENSURE(path->count <= CHAIN_DEPTH_MAX, ERROR_CERTIFICATE_FOREIGN);
        const struct certificate *up = find_issuer(at, chain->anchors, chain->anchor_count, &named);
        if (!up) up = find_issuer(at, chain->intermediates, chain->intermediate_count, &named);
        ENSURE(up || !named, ERROR_CERTIFICATE_SIGNATURE);
        ENSURE(up && up != at, ERROR_CERTIFICATE_FOREIGN);
        path->certificates[path->count++] = up;
        at = up;
    }
    return OK;
}

/* Every certificate above the leaf is a CA that may sign certificates, with as many CAs below it as it
 * allows. */
static struct result check_issuers(struct path *path)
{
    for (size_t i = 1; i < path->count; i++) {
        const struct certificate *c = path->certificates[i];
        path->failed = c;
        ENSURE(c->ca && (c->key_usage & KEY_USAGE_CERT_SIGN), ERROR_CERTIFICATE_ISSUER);
        ENSURE(c->path_length < 0 || (size_t)c->path_length >= i - 1, ERROR_CERTIFICATE_ISSUER);
    }
    return OK;
}

static struct result check_times(struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        const struct certificate *c = path->certificates[i];
        path->failed = c;
        ENSURE(path->chain->time_s >= c->not_before_s, ERROR_CERTIFICATE_NOT_YET);
        ENSURE(path->chain->time_s <= c->not_after_s, ERROR_CERTIFICATE_EXPIRED);
    }
    return OK;
}

static struct result check_path(struct path *path)
{
    TRY(climb(path));
    TRY(check_issuers(path));
    TRY(check_times(path));
    path->failed = path->chain->leaf;
    return chain_check_purpose(path->chain->leaf, path->chain->purpose);
}

struct result chain_check(const struct chain *chain, const struct certificate **ret_failed)
{
    ENSURE(chain->intermediate_count <= CHAIN_POOL_MAX, ERROR_TOO_LARGE);
    ENSURE(chain->anchor_count <= CHAIN_POOL_MAX, ERROR_TOO_LARGE);
    struct path path = { .chain = chain };
    struct result r = check_path(&path);
    if (failed(r) && ret_failed) *ret_failed = path.failed;
    return r;
}

struct result chain_check_purpose(const struct certificate *leaf, enum certificate_purpose purpose)
{
    /* A certificate of operators or cards is for these alone, whichever CA it came from. */
    static const unsigned special = EXTENDED_OPERATOR | EXTENDED_CARD | EXTENDED_OCSP_SIGNING;
    bool signs = (leaf->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) != 0;
    bool enciphers = (leaf->key_usage & (KEY_USAGE_KEY_ENCIPHERMENT | KEY_USAGE_KEY_AGREEMENT)) != 0;
    bool good = false;
    switch (purpose) {
    case PURPOSE_SIGNING:
        good = signs && !(leaf->extended_usage & special) &&
               (leaf->extended_usage == 0 || (leaf->extended_usage & EXTENDED_CLIENT_AUTH));
        break;
    case PURPOSE_ENCRYPTION: good = enciphers && !signs && !(leaf->extended_usage & special); break;
    case PURPOSE_OPERATOR: good = signs && (leaf->extended_usage & special) == EXTENDED_OPERATOR; break;
    case PURPOSE_CARD: good = signs && (leaf->extended_usage & special) == EXTENDED_CARD; break;
    }
    ENSURE(good && !leaf->ca, ERROR_CERTIFICATE_USAGE);
    return OK;
}
