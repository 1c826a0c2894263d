/* What the handlers of applications, for holders and for operators, have in common. */
#pragma once

#include "api_gen.h"
#include "ipc/signer_api.h"
#include "service/application.h"
#include "web/app.h"

/* Which application the call is about, and as which version: the one of If-Match, if it came. ERROR_FIELD_FORMAT for an
 * If-Match that is no version. */
RESULT desk_edit(struct call *call, struct application_edit *ret_edit);
/* Answers with the application, its version as ETag. */
RESULT desk_answer(struct call *call, const struct application_row *row);
/* As pages show it: numbers of identity documents and mobiles masked. */
RESULT desk_show(struct arena *arena, const struct application_row *row, struct api_application *ret_answer);
struct api_attachment desk_show_attachment(const struct attachment_row *row);
RESULT desk_answer_attachments(struct call *call, const char *number);
/* A certificate as it stands now; a list of them; what happened, without whence it was done. */
struct api_certificate desk_show_certificate(const struct call *call, const struct certificate_row *row);
RESULT desk_answer_certificates(struct call *call, const struct certificate_row *rows, size_t count);
RESULT desk_answer_history(struct call *call, const struct audit_row *rows, size_t count);
/* With a statement to be signed; with a pair of certificates as it goes into the USBKey. */
RESULT desk_answer_draft(struct call *call, const char *statement);
RESULT desk_answer_pair(struct call *call, const struct signer_issued *issued);
