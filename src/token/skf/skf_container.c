/* Containers and certificates. */
#include "token/skf/skf_internal.h"

enum { CONTAINER_INFO = 11, KIND_ENCRYPTION = 0, KIND_SIGNING = 1 };

static ULONG open_by(HAPPLICATION application, LPSTR text, uint8_t ins, HCONTAINER *ret_container)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2 + SKF_CONTAINER_NAME_MAX];
    struct skf_command c = SKF_COMMAND(0x80, ins, 0, 0, buffer);
    struct bytes name;
    SKF_TRY(skf_acquire(application, SKF_APPLICATION, &use));
    SKF_ENSURE(ret_container, SAR_INVALIDPARAMERR);
    SKF_TRY(skf_text(text, SKF_CONTAINER_NAME_MAX, &name));
    skf_put_u16(&c, use.entry->id);
    write_bytes(&c.data, name);
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == 2, SAR_FAIL);
    struct reader r = reader_of(c.answer);
    struct skf_entry entry = { .kind = SKF_CONTAINER, .device = use.device, .parent = use.place,
                               .application = use.entry->id };
    entry.id = skf_take_u16(&r);
    entry.name.len = (uint8_t)name.len;
    memcpy(entry.name.text, name.ptr, name.len);
    return skf_handle_new(&entry, ret_container);
}

SKF_EXPORT ULONG DEVAPI SKF_CreateContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
    return open_by(hApplication, szContainerName, 0x40, phContainer);
}

SKF_EXPORT ULONG DEVAPI SKF_OpenContainer(HAPPLICATION hApplication, LPSTR szContainerName, HCONTAINER *phContainer)
{
    return open_by(hApplication, szContainerName, 0x42, phContainer);
}

SKF_EXPORT ULONG DEVAPI SKF_CloseContainer(HCONTAINER hContainer)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4];
    struct skf_command c = SKF_COMMAND(0x80, 0x44, 0, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    skf_put_place(&c, &use);
    ULONG sar = skf_last_opened(&use) ? skf_run(use.device, &c) : SAR_OK;
    skf_handle_free(&use);
    return sar;
}

SKF_EXPORT ULONG DEVAPI SKF_DeleteContainer(HAPPLICATION hApplication, LPSTR szContainerName)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2 + SKF_CONTAINER_NAME_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x48, 0, 0, buffer);
    struct bytes name;
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_TRY(skf_text(szContainerName, SKF_CONTAINER_NAME_MAX, &name));
    skf_put_u16(&c, use.entry->id);
    write_bytes(&c.data, name);
    return skf_run(use.device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_EnumContainer(HAPPLICATION hApplication, LPSTR szContainerName, ULONG *pulSize)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2];
    struct skf_command c = SKF_COMMAND(0x80, 0x46, 0, 0, buffer);
    SKF_TRY(skf_acquire(hApplication, SKF_APPLICATION, &use));
    SKF_ENSURE(pulSize, SAR_INVALIDPARAMERR);
    skf_put_u16(&c, use.entry->id);
    SKF_TRY(skf_run(use.device, &c));
    return skf_give(c.answer, szContainerName, pulSize);
}

SKF_EXPORT ULONG DEVAPI SKF_GetContainerType(HCONTAINER hContainer, ULONG *pulContainerType)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[2 + SKF_CONTAINER_NAME_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x4A, 0, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pulContainerType, SAR_INVALIDPARAMERR);
    skf_put_u16(&c, use.entry->application);
    write_bytes(&c.data, bytes_of(use.entry->name.text, use.entry->name.len));
    SKF_TRY(skf_run(use.device, &c));
    SKF_ENSURE(c.answer.len == CONTAINER_INFO, SAR_FAIL);
    *pulContainerType = c.answer.ptr[0];
    return SAR_OK;
}

ULONG skf_import_certificate(const struct skf_use *container, bool signing, struct bytes der)
{
    uint8_t buffer[9 + CARD_CERTIFICATE_MAX];
    struct skf_command c = SKF_COMMAND(0x80, 0x4C, 0, 0, buffer);
    SKF_ENSURE(der.len > 0 && der.len <= CARD_CERTIFICATE_MAX, SAR_INDATALENERR);
    skf_put_place(&c, container);
    write_u8(&c.data, signing ? KIND_SIGNING : KIND_ENCRYPTION);
    skf_put_u32(&c, (uint32_t)der.len);
    write_bytes(&c.data, der);
    return skf_run(container->device, &c);
}

SKF_EXPORT ULONG DEVAPI SKF_ImportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG ulCertLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pbCert, SAR_INVALIDPARAMERR);
    return skf_import_certificate(&use, bSignFlag, bytes_of(pbCert, ulCertLen));
}

SKF_EXPORT ULONG DEVAPI SKF_ExportCertificate(HCONTAINER hContainer, BOOL bSignFlag, BYTE *pbCert, ULONG *pulCertLen)
{
    struct skf_use use CLEANUP(skf_release) = { 0 };
    uint8_t buffer[4];
    struct skf_command c = SKF_COMMAND(0x80, 0x4E, bSignFlag ? KIND_SIGNING : KIND_ENCRYPTION, 0, buffer);
    SKF_TRY(skf_acquire(hContainer, SKF_CONTAINER, &use));
    SKF_ENSURE(pulCertLen, SAR_INVALIDPARAMERR);
    skf_put_place(&c, &use);
    SKF_TRY(skf_run(use.device, &c));
    return skf_give(c.answer, pbCert, pulCertLen);
}
