#include "relay/smtp.h"

#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "relay/http.h"
#include "relay/smtp_files.h"

enum { WORD_BYTES = 42, ADDRESS_MAX = 254 };

bool smtp_is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || strchr(at + 1, '@') || strlen(text) > ADDRESS_MAX) return false;
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(p < at ? ".!#$%&'*+-/=?^_`{|}~" : ".-@", *p)) return false;
    const char *host = at + 1;
    if (strstr(host, "..") || host[0] == '.' || host[0] == '-' || at[-1] == '.' || text[0] == '.') return false;
    return text_equal(host, "localhost") || (strchr(host, '.') && isalnum((unsigned char)host[strlen(host) - 1]));
}

static bool is_plain_ascii(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7E) return false;
    return true;
}

char *smtp_encode_header(struct arena *arena, const char *text)
{
    if (is_plain_ascii(text) && !strstr(text, "=?") && strlen(text) <= 60)
        return arena_text(arena, bytes_text(text));
    char *all = arena_text(arena, bytes_text(""));
    for (const char *p = text; *p && all;) {
        size_t len = 0;
        /* Whole characters only: each encoded word is decoded on its own. */
        while (p[len] && len < WORD_BYTES) {
            size_t next = len + 1;
            while (((unsigned char)p[next] & 0xC0) == 0x80) next++;
            if (next > WORD_BYTES) break;
            len = next;
        }
        char *word = text_base64(arena, bytes_of(p, len));
        all = word ? arena_format(arena, "%s%s=?UTF-8?B?%s?=", all, p == text ? "" : "\r\n ", word) : NULL;
        p += len;
    }
    return all;
}

static void escape(struct writer *w, const char *text)
{
    for (; *text && *text != '\n'; text++) {
        switch (*text) {
        case '<': write_text(w, "&lt;"); break;
        case '>': write_text(w, "&gt;"); break;
        case '&': write_text(w, "&amp;"); break;
        case '"': write_text(w, "&quot;"); break;
        default: write_u8(w, (uint8_t)*text); break;
        }
    }
}

char *smtp_html(struct arena *arena, const char *subject, const char *text)
{
    size_t room = 6 * (strlen(subject) + strlen(text)) + 7 * strlen(text) + 512;
    char *into = arena_take(arena, room);
    if (!into) return NULL;
    struct writer w = writer_of(into, room - 1);
    write_text(&w, "<!doctype html>\n<html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>");
    escape(&w, subject);
    write_text(&w, "</title>\n<body style=\"font:16px/1.7 sans-serif;color:#222;max-width:40em\">\n");
    for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
        write_text(&w, "<p>");
        escape(&w, line);
        write_text(&w, "</p>\n");
    }
    write_text(&w, "</body></html>\n");
    return w.full ? NULL : into;
}

/* ---- sending ---- */

struct letter {
    struct curl_slist *headers, *to;
    curl_mime *mime;
    char *message_id;
    struct smtp_file files[RELAY_FILES_MAX];
    size_t file_count;
};

static void letter_done(struct letter *letter)
{
    curl_slist_free_all(letter->headers);
    curl_slist_free_all(letter->to);
    curl_mime_free(letter->mime);
}

static bool add_header(struct letter *letter, const char *line)
{
    struct curl_slist *longer = line ? curl_slist_append(letter->headers, line) : NULL;
    if (longer) letter->headers = longer;
    return longer;
}

static bool add_part(curl_mime *mime, const char *type, const char *text)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    return part && curl_mime_data(part, text, CURL_ZERO_TERMINATED) == CURLE_OK &&
           curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, "base64") == CURLE_OK;
}

static bool add_words(const struct smtp_options *o, struct work *work, const struct relay_notice *notice,
                      curl_mime *mime)
{
    if (!add_part(mime, "text/plain; charset=utf-8", notice->text)) return false;
    if (!o->html) return true;
    const char *html = smtp_html(work->arena, notice->subject, notice->text);
    return html && add_part(mime, "text/html; charset=utf-8", html);
}

static bool add_parts(const struct smtp_options *o, struct work *work, const struct relay_notice *notice,
                      struct letter *letter)
{
    letter->mime = curl_mime_init(work->curl);
    if (!letter->mime) return false;
    if (!letter->file_count) return add_words(o, work, notice, letter->mime);
    if (!o->html) {
        if (!add_words(o, work, notice, letter->mime)) return false;
    } else {
        curl_mimepart *part = curl_mime_addpart(letter->mime);
        curl_mime *words = part ? curl_mime_init(work->curl) : NULL;
        if (!words || curl_mime_subparts(part, words) != CURLE_OK) return false;
        if (curl_mime_type(part, "multipart/alternative") != CURLE_OK) return false;
        if (!add_words(o, work, notice, words)) return false;
    }
    for (size_t i = 0; i < letter->file_count; i++)
        if (!smtp_files_add(work->arena, letter->mime, &letter->files[i])) return false;
    return true;
}

static const char *mail_date(struct work *work)
{
    static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct civil c = civil_shanghai(clock_now(work->clock));
    return arena_format(work->arena, "Date: %s, %02d %s %04d %02d:%02d:%02d +0800", days[c.weekday], c.day,
                        months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

static struct result write_letter(const struct smtp_options *o, struct work *work,
                                  const struct relay_notice *notice, struct letter *letter)
{
    char id[ID_TEXT_LEN + 1];
    id_text(&notice->id, id);
    struct arena *a = work->arena;
    char *subject = smtp_encode_header(a, notice->subject);
    char *name = o->from_name ? smtp_encode_header(a, o->from_name) : NULL;
    letter->message_id = arena_format(a, "<%s%s>", id, strchr(o->from, '@'));
    ENSURE(subject && letter->message_id && (name || !o->from_name), ERROR_OUT_OF_ROOM);
    bool ok = add_header(letter, mail_date(work)) &&
              add_header(letter, name ? arena_format(a, "From: %s <%s>", name, o->from)
                                      : arena_format(a, "From: %s", o->from)) &&
              add_header(letter, arena_format(a, "To: %s", notice->to)) &&
              add_header(letter, arena_format(a, "Subject: %s", subject)) &&
              add_header(letter, arena_format(a, "Message-ID: %s", letter->message_id)) &&
              add_header(letter, "Auto-Submitted: auto-generated") && add_parts(o, work, notice, letter);
    if (ok && o->html && !letter->file_count) ok = add_header(letter, "Content-Type: multipart/alternative");
    letter->to = curl_slist_append(NULL, arena_format(a, "<%s>", notice->to));
    ENSURE(ok && letter->to, ERROR_OUT_OF_ROOM);
    return OK;
}

static size_t swallow(char *data, size_t size, size_t count, void *closure)
{
    return size * count;
}

static bool set_up(const struct smtp_options *o, struct work *work, const struct letter *letter)
{
    CURL *curl = work->curl;
    const char *from = arena_format(work->arena, "<%s>", o->from);
    bool plain = o->insecure_dev && text_starts(o->url, "smtp://");
    bool ok = curl_easy_setopt(curl, CURLOPT_URL, o->url) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, work->timeout_ms) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, letter->to) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_HTTPHEADER, letter->headers) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_MIMEPOST, letter->mime) == CURLE_OK;
    if (ok && o->ca_file) ok = curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file) == CURLE_OK;
    if (ok && o->user)
        ok = curl_easy_setopt(curl, CURLOPT_USERNAME, o->user) == CURLE_OK &&
             curl_easy_setopt(curl, CURLOPT_PASSWORD, o->password) == CURLE_OK;
    return ok;
}

/* The server's last reply says more than libcurl's code. */
static enum error reply_error(CURLcode code, long reply)
{
    if (code == CURLE_LOGIN_DENIED) return ERROR_RELAY_REFUSED;
    if (reply >= 550 && reply <= 553) return ERROR_RELAY_RECIPIENT;
    if (reply >= 500 && reply <= 599) return ERROR_RELAY_REFUSED;
    if (reply >= 400 && reply <= 499) return ERROR_RELAY_RATE;
    return http_error(code);
}

static struct result deliver(const struct smtp_options *o, struct work *work, const struct relay_notice *notice,
                             struct letter *letter)
{
    TRY(write_letter(o, work, notice, letter));
    if (!set_up(o, work, letter)) abort();
    CURLcode code = curl_easy_perform(work->curl);
    if (code == CURLE_OK) return OK;
    long reply = 0;
    curl_easy_getinfo(work->curl, CURLINFO_RESPONSE_CODE, &reply);
    return diag_log(work->diag, reply_error(code, reply), "smtp reply=%ld curl: %s", reply, curl_easy_strerror(code));
}

struct result smtp_send(const struct smtp_options *options, struct work *work, const struct relay_notice *notice,
                        struct relay_sent *ret_sent)
{
    ENSURE(notice->text && notice->text[0] && notice->subject, ERROR_MALFORMED);
    ENSURE(text_plain(bytes_text(notice->subject)), ERROR_MALFORMED);
    ENSURE(notice->to && smtp_is_address(notice->to), ERROR_RELAY_RECIPIENT);
    struct letter letter = { 0 };
    TRY(smtp_files_read(work->arena, notice->files, work->fd, letter.files, &letter.file_count));
    if (!options->url) {
        char id[ID_TEXT_LEN + 1];
        id_text(&notice->id, id);
        TRY(sink_append(options->sink, work, "email", notice));
        const char *receipt = arena_format(work->arena, "sink-%s", id);
        ENSURE(receipt, ERROR_OUT_OF_ROOM);
        *ret_sent = (struct relay_sent){ receipt };
        return OK;
    }
    curl_easy_reset(work->curl);
    struct result r = deliver(options, work, notice, &letter);
    letter_done(&letter);
    TRY(r);
    *ret_sent = (struct relay_sent){ letter.message_id };
    return OK;
}
