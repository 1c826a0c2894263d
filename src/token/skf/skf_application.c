/* Applications and files. */
#include "token/skf/skf_internal.h"

enum { NAME_FIELD = 48, PIN_FIELD = 16, CHUNK = 2048, OPENED = 10, FILE_INFO = 12, FILE_HEAD = 8 + SKF_FILE_NAME_MAX };

static void put_padded(struct skf_command *c, struct bytes text, size_t size)
{
    write_bytes(&c->data, text);
    for (size_t i = text.len; i < size; i++) write_u8(&c->data, 0);
}

/* ---- applications ---- */

static ULONG open_application(struct skf_use *device, struct bytes name, HAPPLICATION *ret_application)
{
    uint8_t buffer[SKF_APPLICATION_NAME_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x26, 0, 0, buffer);
    write_bytes(&c.data, name);
    SKF_TRY(skf_run(device->device, &c));
    SKF_ENSURE(c.answer.len == OPENED, SAR_FAIL);
    struct reader r = reader_of(bytes_of(c.answer.ptr + OPENED - 2, 2));
    struct skf_entry entry = { .kind = SKF_APPLICATION, .device = device->device, .parent = device->place };
    entry.id = skf_take_u16(&r);
    entry.name.len = (uint8_t)name.len;
    memcpy(entry.name.text, name.ptr, name.len);
    return skf_handle_new(&entry, ret_application);
}

SKF_EXPORT ULONG DEVAPI SKF_CreateApplication(DEVHANDLE hDev, LPSTR szAppName, LPSTR szAdminPin,
                                              DWORD dwAdminPinRetryCount, LPSTR szUserPin, DWORD dwUserPinRetryCount,
                                              DWORD dwCreateFileRights, HAPPLICATION *phApplication)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[NAME_FIELD + 2 * (PIN_FIELD + 4) + 8];
    struct skf_command c = SKF_COMMAND(0x80, 0x20, 0, 0, buffer);
    struct bytes name, admin, user;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(phApplication && szAdminPin && szUserPin, SAR_INVALIDPARAMERR);
    SKF_ENSURE(skf_text(szAppName, SKF_APPLICATION_NAME_MAX, &name) == SAR_OK, SAR_APPLICATION_NAME_INVALID);
    SKF_ENSURE(skf_text(szAdminPin, SKF_PIN_MAX, &admin) == SAR_OK && admin.len >= SKF_PIN_MIN, SAR_PIN_LEN_RANGE);
    SKF_ENSURE(skf_text(szUserPin, SKF_PIN_MAX, &user) == SAR_OK && user.len >= SKF_PIN_MIN, SAR_PIN_LEN_RANGE);
    put_padded(&c, name, NAME_FIELD);
    put_padded(&c, admin, PIN_FIELD);
    skf_put_u32(&c, dwAdminPinRetryCount);
    put_padded(&c, user, PIN_FIELD);
    skf_put_u32(&c, dwUserPinRetryCount);
    skf_put_u32(&c, dwCreateFileRights);
    write_u8(&c.data, CARD_CONTAINERS_MAX);
    write_u8(&c.data, 2 * CARD_CONTAINERS_MAX);
    skf_put_u16(&c, CARD_FILES_MAX);
    ULONG sar = skf_run(use.device, &c);
    secret_wipe(buffer, sizeof buffer);
    SKF_TRY(sar);
    return open_application(&use, name, phApplication);
}

SKF_EXPORT ULONG DEVAPI SKF_OpenApplication(DEVHANDLE hDev, LPSTR szAppName, HAPPLICATION *phApplication)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct bytes name;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(phApplication, SAR_INVALIDPARAMERR);
    SKF_ENSURE(skf_text(szAppName, SKF_APPLICATION_NAME_MAX, &name) == SAR_OK, SAR_APPLICATION_NAME_INVALID);
    return open_application(&use, name, phApplication);
}

SKF_EXPORT ULONG DEVAPI SKF_EnumApplication(DEVHANDLE hDev, LPSTR szAppName, ULONG *pulSize)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct skf_command c = { .cla = 0x80, .ins = 0x22 };
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(pulSize, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_run(use.device, &c));
    return skf_give(c.answer, szAppName, pulSize);
}

SKF_EXPORT ULONG DEVAPI SKF_DeleteApplication(DEVHANDLE hDev, LPSTR szAppName)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[SKF_APPLICATION_NAME_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x24, 0, 0, buffer);
    struct bytes name;
    SKF_TRY(skf_acquire(hDev, SKF_DEVICE, &use));
    SKF_ENSURE(skf_text(szAppName, SKF_APPLICATION_NAME_MAX, &name) == SAR_OK, SAR_APPLICATION_NAME_INVALID);
    write_bytes(&c.data, name);
    return skf_run(use.device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_CloseApplication(HAPPLICATION hApplication)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2];
    struct skf_command c = SKF_COMMAND(0x80, 0x28, 0, 0, buffer);
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    skf_put_u16(&c, use.entry->id);
    /* Other handles of this connection may have the same application open: the card counts none of them. */
    ULONG sar = skf_last_opened(&use) ? skf_run(use.device, &c) : SAR_OK;
    skf_handle_free(&use);
    return sar;
}

/* ---- files: the application's number stands in P1 P2, the higher byte first ---- */

#define FILE_COMMAND(ins, use, buffer) SKF_COMMAND(0x80, (ins), (use).entry->id >> 8, (use).entry->id, buffer)

SKF_EXPORT ULONG DEVAPI SKF_CreateFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulFileSize,
                                       ULONG ulReadRights, ULONG ulWriteRights)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[SKF_FILE_NAME_MAX + FILE_INFO];
    struct bytes name;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    struct skf_command c = FILE_COMMAND(0x30, use, buffer);
    SKF_TRY(skf_text(szFileName, SKF_FILE_NAME_MAX, &name));
    put_padded(&c, name, SKF_FILE_NAME_MAX);
    skf_put_u32(&c, ulFileSize);
    skf_put_u32(&c, ulReadRights);
    skf_put_u32(&c, ulWriteRights);
    return skf_run(use.device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_DeleteFile(HAPPLICATION hApplication, LPSTR szFileName)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[SKF_FILE_NAME_MAX];
    struct bytes name;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    struct skf_command c = FILE_COMMAND(0x32, use, buffer);
    SKF_TRY(skf_text(szFileName, SKF_FILE_NAME_MAX, &name));
    write_bytes(&c.data, name);
    return skf_run(use.device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_EnumFiles(HAPPLICATION hApplication, LPSTR szFileList, ULONG *pulSize)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[1];
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    struct skf_command c = FILE_COMMAND(0x34, use, buffer);
    SKF_ENSURE(pulSize, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_run(use.device, &c));
    return skf_give(c.answer, szFileList, pulSize);
}

static ULONG file_info(const struct skf_use *use, struct bytes name, FILEATTRIBUTE *ret_info)
{
    uint8_t buffer[SKF_FILE_NAME_MAX];
    struct skf_command c = FILE_COMMAND(0x36, *use, buffer);
    write_bytes(&c.data, name);
    SKF_TRY(skf_run(use->device, &c));
    SKF_ENSURE(c.answer.len == FILE_INFO, SAR_FAIL);
    struct reader r = reader_of(c.answer);
    memset(ret_info, 0, sizeof *ret_info);
    memcpy(ret_info->FileName, name.ptr, name.len);
    ret_info->FileSize = skf_take_u32(&r);
    ret_info->ReadRights = skf_take_u32(&r);
    ret_info->WriteRights = skf_take_u32(&r);
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_GetFileInfo(HAPPLICATION hApplication, LPSTR szFileName, FILEATTRIBUTE *pFileInfo)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    struct bytes name;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pFileInfo, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_text(szFileName, SKF_FILE_NAME_MAX, &name));
    return file_info(&use, name, pFileInfo);
}

static void put_file_head(struct skf_command *c, const struct skf_use *use, ULONG offset, struct bytes name)
{
    skf_put_u16(c, use->entry->id);
    skf_put_u16(c, offset);
    skf_put_u16(c, (uint32_t)name.len);
    write_bytes(&c->data, name);
}

SKF_EXPORT ULONG DEVAPI SKF_ReadFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, ULONG ulSize,
                                     BYTE *pbOutData, ULONG *pulOutLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    FILEATTRIBUTE info;
    struct bytes name;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pulOutLen, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_text(szFileName, SKF_FILE_NAME_MAX, &name));
    SKF_TRY(file_info(&use, name, &info));
    SKF_ENSURE(ulOffset < info.FileSize && ulOffset <= UINT16_MAX, SAR_INDATAERR);
    ULONG left = info.FileSize - ulOffset < ulSize ? info.FileSize - ulOffset : ulSize, room = *pulOutLen;
    *pulOutLen = left;
    if (!pbOutData) return SAR_OK;
    SKF_ENSURE(room >= left, SAR_BUFFER_TOO_SMALL);
    while (left > 0) {
        uint8_t buffer[FILE_HEAD];
        struct skf_command c = SKF_COMMAND(0x80, 0x38, 0, 0, buffer);
        put_file_head(&c, &use, ulOffset, name);
        c.expected = left < CHUNK ? left : CHUNK;
        SKF_TRY(skf_run(use.device, &c));
        SKF_ENSURE(c.answer.len == c.expected, SAR_READFILEERR);
        memcpy(pbOutData, c.answer.ptr, c.answer.len);
        pbOutData += c.answer.len;
        ulOffset += (ULONG)c.answer.len;
        left -= (ULONG)c.answer.len;
    }
    return SAR_OK;
}

SKF_EXPORT ULONG DEVAPI SKF_WriteFile(HAPPLICATION hApplication, LPSTR szFileName, ULONG ulOffset, BYTE *pbData,
                                      ULONG ulSize)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    FILEATTRIBUTE info;
    struct bytes name;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pbData && ulSize > 0, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_text(szFileName, SKF_FILE_NAME_MAX, &name));
    SKF_TRY(file_info(&use, name, &info));
    SKF_ENSURE(ulOffset < info.FileSize && ulSize <= info.FileSize - ulOffset && ulOffset <= UINT16_MAX,
               SAR_INDATAERR);
    while (ulSize > 0) {
        uint8_t buffer[FILE_HEAD + CHUNK];
        struct skf_command c = SKF_COMMAND(0x80, 0x3A, 0, 0, buffer);
        ULONG take = ulSize < CHUNK ? ulSize : CHUNK;
        put_file_head(&c, &use, ulOffset, name);
        skf_put_u16(&c, take);
        write_bytes(&c.data, bytes_of(pbData, take));
        SKF_TRY(skf_run(use.device, &c));
        pbData += take;
        ulOffset += take;
        ulSize -= take;
    }
    return SAR_OK;
}
