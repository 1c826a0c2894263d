/* E-mail by SMTP: smtps://, or smtp:// with STARTTLS required; plain only to loopback in development. */
#pragma once

#include "relay/sink.h"

struct smtp_options {
    const char *url;      /* NULL: to SINK instead of a server */
    const char *user, *password; /* NULL for none */
    const char *from;     /* address */
    const char *from_name; /* shown name, UTF-8; NULL for none */
    const char *ca_file;  /* NULL: the system's roots */
    bool html;            /* an HTML part beside the plain text */
    bool insecure_dev;
    struct sink *sink;
};

/* ERROR_RELAY_RECIPIENT for an address that is none or that the server refuses for good; ERROR_RELAY_REFUSED
 * when it refuses the message; ERROR_RELAY_RATE when it says later. The notice's id is the Message-ID, so that
 * a repeat is seen as one. */
RESULT smtp_send(const struct smtp_options *options, struct work *work, const struct relay_notice *notice,
                 struct relay_sent *ret_sent);

/* One address of ASCII: local part, @, host with a dot or "localhost". */
bool smtp_is_address(const char *text);
/* TEXT as encoded words (RFC 2047), folded so that no line is longer than 76; plain ASCII stays as it is.
 * NULL when the arena is full. */
char *smtp_encode_header(struct arena *arena, const char *text);
/* TEXT as a small HTML page: escaped, a paragraph for each line. */
char *smtp_html(struct arena *arena, const char *subject, const char *text);
