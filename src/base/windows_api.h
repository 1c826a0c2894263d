/* <windows.h>, without the names that ours have too: some of its errors, and IGNORE. Include it last. */
#pragma once

#include "base/result.h"

#pragma push_macro("IGNORE")
#undef IGNORE
#include <winsock2.h>
#include <windows.h>
#undef IGNORE
#pragma pop_macro("IGNORE")

enum {
    WINDOWS_FILE_NOT_FOUND = ERROR_FILE_NOT_FOUND,
    WINDOWS_ALREADY_EXISTS = ERROR_ALREADY_EXISTS,
    WINDOWS_SHARING_VIOLATION = ERROR_SHARING_VIOLATION,
    WINDOWS_FILE_EXISTS = ERROR_FILE_EXISTS,
    WINDOWS_IO_PENDING = ERROR_IO_PENDING,
    WINDOWS_SUCCESS = ERROR_SUCCESS,
    WINDOWS_BUFFER_TOO_SMALL = ERROR_INSUFFICIENT_BUFFER
};

#undef ERROR_NOT_FOUND
#undef ERROR_NOT_SUPPORTED
