/* The key by which a process unwraps what it has stored, handed down by `hufu serve` in a sealed memfd: 32 bytes,
 * made of the installation's secret and the name of the process, so that no process can open what another has. */
#pragma once

#include "base/bytes.h"
#include "base/result.h"

enum { PROCESS_KEY_SIZE = 32 };

/* KEY = HMAC-SM3(secret, "hufu-process-key" ‖ process). */
void process_key_derive(struct bytes secret, const char *process, uint8_t ret_key[PROCESS_KEY_SIZE]);
/* A memfd with KEY, sealed against every change, close-on-exec off. ERROR_IO. */
RESULT process_key_hand_on(const uint8_t key[PROCESS_KEY_SIZE], int *ret_fd);
/* Reads the key from FD and closes it. ERROR_MALFORMED when it does not hold exactly one key. */
RESULT process_key_take(int fd, uint8_t ret_key[PROCESS_KEY_SIZE]);
