/* <windows.h>, without the names of its errors that ours have too. Include it last. */
#pragma once

#include <winsock2.h>
#include <windows.h>

enum {
    WINDOWS_FILE_NOT_FOUND = ERROR_FILE_NOT_FOUND,
    WINDOWS_ALREADY_EXISTS = ERROR_ALREADY_EXISTS,
    WINDOWS_IO_PENDING = ERROR_IO_PENDING,
    WINDOWS_SUCCESS = ERROR_SUCCESS,
    WINDOWS_BUFFER_TOO_SMALL = ERROR_INSUFFICIENT_BUFFER
};

#undef ERROR_NOT_FOUND
#undef ERROR_NOT_SUPPORTED
