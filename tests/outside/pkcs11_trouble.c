/* A PKCS#11 library that gives trouble: another one's functions, some of them as they are in a bad hour.
 *   PKCS11_REAL     the library that does the work
 *   PKCS11_TROUBLE  file whose first word is looked at with each call:
 *     none   as the real one       gone   the token is taken away       crash  C_Sign ends the process
 *     hang   C_Sign does not return       wrong  C_Sign alters a bit of the signature
 *   PKCS11_LOGINS   file that gets a byte for each C_Login, so that tries can be counted */
#include <dlfcn.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST *real, ours;

static int trouble_is(const char *what)
{
    char word[16] = "";
    int fd = open(getenv("PKCS11_TROUBLE"), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, word, sizeof word - 1);
    if (fd >= 0) close(fd);
    return n > 0 && strncmp(word, what, strlen(what)) == 0;
}

static CK_RV get_slot_list(unsigned char token_present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    if (!trouble_is("gone")) return real->C_GetSlotList(token_present, slots, count);
    *count = 0;
    return CKR_OK;
}

static CK_RV get_session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
    return trouble_is("gone") ? CKR_DEVICE_REMOVED : real->C_GetSessionInfo(session, info);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG len)
{
    int fd = open(getenv("PKCS11_LOGINS"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, ".", 1) != 1) return CKR_GENERAL_ERROR;
    close(fd);
    return real->C_Login(session, user, pin, len);
}

static CK_RV sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG len, unsigned char *signature,
                  CK_ULONG *signature_len)
{
    if (trouble_is("gone")) return CKR_DEVICE_REMOVED;
    if (trouble_is("crash")) abort();
    while (trouble_is("hang")) pause();
    CK_RV rv = real->C_Sign(session, data, len, signature, signature_len);
    if (rv == CKR_OK && trouble_is("wrong")) signature[*signature_len - 1] ^= 1;
    return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    const char *path = getenv("PKCS11_REAL");
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    CK_C_GetFunctionList get = NULL;
    if (library) *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (!get || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    ours = *real;
    ours.C_GetSlotList = get_slot_list;
    ours.C_GetSessionInfo = get_session_info;
    ours.C_Login = login;
    ours.C_Sign = sign;
    *list = &ours;
    return CKR_OK;
}
