#include "service/upload.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/random.h"
#include "crypto/sm3.h"
#include "service/seal.h"

enum { PIECE_OF_HASH = 65536 };

int64_t upload_ends_s(const struct upload_row *row)
{
    return row->touched_s + UPLOAD_DAYS * (int64_t)DAY_S;
}

/* ---- what the closures share ---- */

/* The upload ID of the application, which ACT may add to now. */
static struct result load(struct tx *tx, const struct act *act, const char *number, const struct id *id,
                          struct upload_row *ret_row)
{
    struct key_row params = { .id = *id };
    struct application_row application;
    struct upload_row row;
    TRY(desk_load_for(tx, act, number, EVENT_UPLOAD, &application));
    TRY(tx_one(tx, STATEMENT_UPLOAD_GET, RECORD(key_row_shape, &params), act->arena, &upload_row_shape, &row));
    ENSURE(text_equal(row.application, number), ERROR_NOT_FOUND);
    *ret_row = row;
    return OK;
}

static struct result pieces(struct tx *tx, const struct act *act, const struct id *id,
                            struct upload_piece_row **ret_rows, size_t *ret_count)
{
    struct key_row params = { .id = *id, .limit_count = UPLOAD_PIECES_MAX };
    void *rows;
    TRY(tx_list(tx, STATEMENT_UPLOAD_PIECE_LIST, RECORD(key_row_shape, &params), act->arena, &upload_piece_row_shape,
                UPLOAD_PIECES_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

/* Files whose rows are gone. What cannot be removed now the sweep finds. */
static void remove_files(const struct act *act, const struct upload_piece_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) IGNORE(seal_file_remove(act->service, rows[i].name)); /* see above */
}

struct result upload_forget(struct tx *tx, const struct id *id)
{
    struct key_row params = { .id = *id };
    TRY(tx_run(tx, STATEMENT_UPLOAD_PIECE_DELETE, RECORD(key_row_shape, &params), NULL));
    return tx_change(tx, STATEMENT_UPLOAD_DELETE, RECORD(key_row_shape, &params));
}

/* ---- begin ---- */

struct beginning {
    const struct act *act;
    const struct upload_file *file;
    struct upload_row row;
    struct upload_piece_row *old; /* of the file before it */
    size_t old_count;
};

static bool is_same(const struct upload_row *row, const struct upload_file *file)
{
    return row->size == file->size && bytes_equal(row->sm3, file->sm3);
}

static struct result begin(struct tx *tx, void *context)
{
    struct beginning *b = context;
    const struct upload_file *file = b->file;
    struct key_row params = { .key = file->number, .other = file->name };
    struct upload_row old;
    b->old_count = 0;
    TRY(attachment_wanted(tx, b->act, file->number, file->name));
    struct result r = tx_one(tx, STATEMENT_UPLOAD_OF, RECORD(key_row_shape, &params), b->act->arena,
                             &upload_row_shape, &old);
    if (failed(r) && r.code != ERROR_NOT_FOUND) return r;
    if (!failed(r) && is_same(&old, file)) {
        b->row = old;
        return OK;
    }
    if (!failed(r)) {
        TRY(pieces(tx, b->act, &old.id, &b->old, &b->old_count));
        TRY(upload_forget(tx, &old.id));
    }
    b->row = (struct upload_row){ .id = random_id(), .application = file->number, .kind = file->name,
                                  .size = file->size, .sm3 = file->sm3, .begun_s = b->act->now_s,
                                  .touched_s = b->act->now_s };
    return tx_run(tx, STATEMENT_UPLOAD_INSERT, RECORD(upload_row_shape, &b->row), NULL);
}

struct result upload_begin(const struct act *act, const struct upload_file *file, struct upload_row *ret_row)
{
    struct beginning b = { .act = act, .file = file };
    struct result r = store_write(act->service->store, begin, &b);
    /* Another page began it in the same moment: what it began is ours too, or makes way. */
    if (r.code == ERROR_STORE_EXISTS) r = store_write(act->service->store, begin, &b);
    TRY(r);
    remove_files(act, b.old, b.old_count);
    *ret_row = b.row;
    return OK;
}

/* ---- append ---- */

struct appending {
    const struct act *act;
    const char *number;
    const struct id *id;
    struct upload_piece_row piece;
    struct upload_row row;
};

static struct result wrong_offset(const struct act *act, const struct upload_row *row)
{
    return diag_field(act->diag, ERROR_UPLOAD_OFFSET, "Upload-Offset", "%lld", (long long)row->arrived);
}

static struct result look(struct tx *tx, void *context)
{
    struct appending *a = context;
    const struct upload_piece_row *piece = &a->piece;
    TRY(load(tx, a->act, a->number, a->id, &a->row));
    if (piece->begins != a->row.arrived) return wrong_offset(a->act, &a->row);
    int64_t left = a->row.size - a->row.arrived;
    ENSURE(piece->size <= left, ERROR_UPLOAD_LONG);
    ENSURE(piece->size == left || piece->size >= UPLOAD_PIECE_MIN, ERROR_UPLOAD_PIECE);
    return OK;
}

static struct result append(struct tx *tx, void *context)
{
    struct appending *a = context;
    TRY(look(tx, a));
    a->row.arrived += a->piece.size;
    a->row.touched_s = a->act->now_s;
    struct result r = tx_run(tx, STATEMENT_UPLOAD_PIECE_INSERT, RECORD(upload_piece_row_shape, &a->piece), NULL);
    if (r.code == ERROR_STORE_EXISTS) return wrong_offset(a->act, &a->row); /* another page was quicker */
    TRY(r);
    return tx_change(tx, STATEMENT_UPLOAD_ARRIVED, RECORD(upload_row_shape, &a->row));
}

struct result upload_append(const struct act *act, const char *number, const struct id *id, int64_t at, int fd,
                            int64_t size, struct upload_row *ret_row)
{
    struct appending a = { .act = act, .number = number, .id = id,
                           .piece = { .upload = *id, .begins = at, .size = size } };
    struct sealed_file file;
    TRY(store_read(act->service->store, look, &a));
    TRY(seal_file(act->service, "upload", fd, act->arena, &file));
    FAULT("web:piece-sealed");
    a.piece.name = file.name;
    a.piece.key_sealed = file.key_sealed;
    struct result r = store_write(act->service->store, append, &a);
    if (failed(r)) IGNORE(seal_file_remove(act->service, file.name)); /* else the sweep finds it */
    TRY(r);
    *ret_row = a.row;
    return OK;
}

/* ---- finish ---- */

struct finishing {
    const struct act *act;
    const char *number;
    const struct id *id;
    struct upload_row row;
    struct upload_piece_row *pieces;
    size_t count;
};

static struct result look_whole(struct tx *tx, void *context)
{
    struct finishing *f = context;
    TRY(load(tx, f->act, f->number, f->id, &f->row));
    if (f->row.arrived != f->row.size) {
        IGNORE(wrong_offset(f->act, &f->row)); /* for its words */
        return FAIL(ERROR_UPLOAD_SHORT);
    }
    return pieces(tx, f->act, f->id, &f->pieces, &f->count);
}

/* A file without a name beside those that come in one piece (web/http.c); where there is none, memory. */
static int open_unnamed(const struct service *service)
{
    int fd = openat(service->upload_folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : memfd_create("upload", MFD_CLOEXEC);
}

static struct result join(const struct finishing *f, int to)
{
    for (size_t i = 0; i < f->count; i++)
        TRY(seal_file_read(f->act->service, "upload", f->pieces[i].name, f->pieces[i].key_sealed, to));
    return OK;
}

/* Whether FD holds what was announced. */
static struct result compare(const struct finishing *f, int fd)
{
    uint8_t piece[PIECE_OF_HASH], hash[SM3_SIZE];
    struct sm3 sm3;
    off_t at = 0;
    sm3_init(&sm3);
    for (ssize_t n; (n = pread(fd, piece, sizeof piece, at)) != 0; at += n) {
        ENSURE(n > 0, ERROR_IO);
        sm3_update(&sm3, bytes_of(piece, (size_t)n));
    }
    sm3_final(&sm3, hash);
    ENSURE((int64_t)at == f->row.size && bytes_equal(f->row.sm3, BYTES(hash)), ERROR_UPLOAD_CHANGED);
    return OK;
}

static struct result forget(struct tx *tx, void *context)
{
    const struct finishing *f = context;
    return upload_forget(tx, f->id);
}

static struct result take(const struct finishing *f, int fd, struct attachment_row *ret_row)
{
    struct attachment_new new = { .number = f->number, .name = f->row.kind, .fd = fd, .size = f->row.size,
                                  .upload = f->id };
    TRY(join(f, fd));
    TRY(compare(f, fd));
    return attachment_add(f->act, &new, ret_row);
}

struct result upload_finish(const struct act *act, const char *number, const struct id *id,
                            struct attachment_row *ret_row)
{
    struct finishing f = { .act = act, .number = number, .id = id };
    TRY(store_read(act->service->store, look_whole, &f));
    int fd = open_unnamed(act->service);
    ENSURE(fd >= 0, ERROR_IO);
    struct result r = take(&f, fd, ret_row);
    close(fd);
    if (!failed(r)) FAULT("web:upload-taken");
    /* What was refused would be refused again; what could not be looked at now is kept for another try. */
    bool refused = failed(r) && error_find(r.code)->status < 500;
    if (refused) refused = !failed(store_write(act->service->store, forget, &f));
    if (!failed(r) || refused) remove_files(act, f.pieces, f.count);
    return r;
}

/* ---- looking, ending ---- */

static struct result read_list(struct tx *tx, const struct act *act, const char *number, struct upload_row **ret_rows,
                               size_t *ret_count)
{
    struct key_row params = { .key = number, .limit_count = KIND_SCANS_MAX };
    void *rows;
    TRY(tx_list(tx, STATEMENT_UPLOAD_LIST, RECORD(key_row_shape, &params), act->arena, &upload_row_shape,
                KIND_SCANS_MAX, &rows, ret_count));
    *ret_rows = rows;
    return OK;
}

struct listing {
    const struct act *act;
    const char *number;
    struct upload_row *rows;
    size_t count;
};

static struct result look_list(struct tx *tx, void *context)
{
    struct listing *l = context;
    struct application_row application;
    TRY(desk_look(tx, l->act, l->number, &application));
    return read_list(tx, l->act, l->number, &l->rows, &l->count);
}

struct result upload_list(const struct act *act, const char *number, struct upload_row **ret_rows, size_t *ret_count)
{
    struct listing l = { .act = act, .number = number };
    TRY(store_read(act->service->store, look_list, &l));
    *ret_rows = l.rows;
    *ret_count = l.count;
    return OK;
}

static struct result cancel(struct tx *tx, void *context)
{
    struct finishing *f = context;
    if (f->number) TRY(load(tx, f->act, f->number, f->id, &f->row));
    TRY(pieces(tx, f->act, f->id, &f->pieces, &f->count));
    return upload_forget(tx, f->id);
}

struct result upload_cancel(const struct act *act, const char *number, const struct id *id)
{
    struct finishing f = { .act = act, .number = number, .id = id };
    TRY(store_write(act->service->store, cancel, &f));
    remove_files(act, f.pieces, f.count);
    return OK;
}

struct result upload_work(struct service *service, size_t *ret_done)
{
    struct arena *arena CLEANUP(arena_free_p) = arena_new(8 * 1024 * 1024);
    struct diag diag = { 0 };
    struct act act = service_act(service, arena, &diag);
    struct key_row params = { .at_s = act.now_s - UPLOAD_DAYS * (int64_t)DAY_S, .limit_count = UPLOAD_BATCH };
    void *found;
    size_t count;
    TRY(store_list(service->store, STATEMENT_UPLOAD_LAPSED, RECORD(key_row_shape, &params), arena, &upload_row_shape,
                   UPLOAD_BATCH, &found, &count));
    const struct upload_row *rows = found;
    for (size_t i = 0; i < count; i++) {
        struct result r = upload_cancel(&act, NULL, &rows[i].id);
        if (failed(r) && r.code != ERROR_STORE_CONFLICT) return r; /* ended by itself meanwhile */
    }
    *ret_done = count;
    return OK;
}
