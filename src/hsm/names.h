/* Names of what PKCS#11 functions return, for logs: people look them up in the manual of their module. */
#pragma once

#include <p11-kit/pkcs11.h>

/* "CKR_PIN_INCORRECT"; "CKR_OTHER" for one that is not listed here. */
const char *names_of(CK_RV rv);
