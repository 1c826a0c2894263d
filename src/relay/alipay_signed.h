/* What Alipay's open platform signs of a form; ones without a value are not among them. */
#pragma once

#include "relay/url_form.h"

/* What is signed: name=value&… in the order of the names, without "sign", and without "sign_type" when WITHOUT_TYPE, as
 * in what Alipay tells by itself. ptr NULL when ARENA is full. */
struct bytes alipay_signed(const struct url_form *form, bool without_type, struct arena *arena);
