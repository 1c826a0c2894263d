#include "token/key/key_library.h"

#include "base/secret.h"
#include "crypto/sm3.h"
#include "pki/enveloped.h"
#include "token/key/key_print.h"

enum { NUMBER = 32, FIELD = 64 };

const struct key_entry key_entries[] = {
#define KEY_ENTRY(name, parameters) { "SKF_" #name, offsetof(struct key_functions, name) },
    KEY_FUNCTIONS(KEY_ENTRY)
#undef KEY_ENTRY
};
const size_t key_entry_count = COUNT(key_entries);

/* ---- loading ---- */

static void find(void *handle, struct key_library *library, const char *name, size_t offset)
{
    void (*found)(void) = skf_library_find(handle, name);
    memcpy((char *)&library->f + offset, &found, sizeof found);
    if (!found) library->missing++;
}

struct result key_library_load(const char *path, struct key_library *ret_library)
{
    struct key_library library = { .ulong_size = 4, .layout = SKF_PACKED_4 };
    void *handle = skf_library_open(path);
    ENSURE(handle, ERROR_KEY_LIBRARY);
    for (size_t i = 0; i < COUNT(key_entries); i++) find(handle, &library, key_entries[i].name, key_entries[i].offset);
    size_t missing = library.missing;
    find(handle, &library, "HUFU_GetFlags", offsetof(struct key_functions, GetFlags));
    find(handle, &library, "HUFU_SignMessage", offsetof(struct key_functions, SignMessage));
    library.missing = missing;
    ENSURE(library.f.EnumDev && library.f.ConnectDev && library.f.DisConnectDev, ERROR_KEY_LIBRARY);
    *ret_library = library;
    return OK;
}

struct result key_library_learn(struct key_library *library, skf_handle device, uint32_t *ret_sar)
{
    uint8_t first[SKF_INFO_ROOM], second[SKF_INFO_ROOM];
    memset(first, 0xA5, sizeof first);
    memset(second, 0x5A, sizeof second);
    ENSURE(library->f.GetDevInfo, ERROR_KEY_LAYOUT);
    *ret_sar = (uint32_t)library->f.GetDevInfo(device, first);
    if (*ret_sar == SAR_OK) *ret_sar = (uint32_t)library->f.GetDevInfo(device, second);
    ENSURE(*ret_sar == SAR_OK, ERROR_KEY_SAID);
    ENSURE(!failed(skf_layout_find(first, second, &library->layout)), ERROR_KEY_LAYOUT);
    library->ulong_size = skf_offsets[library->layout].ulong_size;
    library->layout_known = true;
    return OK;
}

/* ---- structures ---- */

void key_put_ulong(const struct key_library *library, struct writer *w, uint32_t v)
{
    for (size_t i = 0; i < library->ulong_size; i++) write_u8(w, i < 4 ? (uint8_t)(v >> 8 * i) : 0);
}

static void put_number(struct writer *w, const uint8_t number[NUMBER])
{
    static const uint8_t zeros[FIELD - NUMBER] = { 0 };
    write_bytes(w, BYTES(zeros));
    write_bytes(w, bytes_of(number, NUMBER));
}

static void put_public(const struct key_library *library, struct writer *w, const uint8_t point[64])
{
    key_put_ulong(library, w, 256);
    put_number(w, point);
    put_number(w, point + NUMBER);
}

void key_public_blob(const struct key_library *library, const uint8_t point[64], uint8_t *ret_blob)
{
    struct writer w = writer_of(ret_blob, KEY_BLOB_ROOM);
    put_public(library, &w, point);
}

void key_private_blob(const struct key_library *library, const uint8_t d[32], uint8_t *ret_blob)
{
    struct writer w = writer_of(ret_blob, KEY_BLOB_ROOM);
    key_put_ulong(library, &w, 256);
    put_number(&w, d);
}

static void put_cipher(const struct key_library *library, struct writer *w, struct bytes cipher)
{
    put_number(w, cipher.ptr);
    put_number(w, cipher.ptr + NUMBER);
    write_bytes(w, bytes_of(cipher.ptr + 64, SM3_SIZE));
    key_put_ulong(library, w, (uint32_t)(cipher.len - SM2_CIPHERTEXT_EXTRA));
    write_bytes(w, bytes_of(cipher.ptr + SM2_CIPHERTEXT_EXTRA, cipher.len - SM2_CIPHERTEXT_EXTRA));
}

void key_cipher_blob(const struct key_library *library, struct bytes cipher, uint8_t *ret_blob)
{
    struct writer w = writer_of(ret_blob, KEY_BLOB_ROOM);
    put_cipher(library, &w, cipher);
}

size_t key_cipher_blob_size(const struct key_library *library, size_t plain)
{
    return 2 * FIELD + SM3_SIZE + library->ulong_size + plain;
}

size_t key_cipher_read(const struct key_library *library, const uint8_t *blob, size_t max, uint8_t *ret_cipher)
{
    const uint8_t *number = blob + 2 * FIELD + SM3_SIZE;
    size_t len = (size_t)number[0] | (size_t)number[1] << 8;
    if (len == 0 || len > max) return 0;
    memcpy(ret_cipher, blob + NUMBER, NUMBER);
    memcpy(ret_cipher + NUMBER, blob + FIELD + NUMBER, NUMBER);
    memcpy(ret_cipher + 64, blob + 2 * FIELD, SM3_SIZE);
    memcpy(ret_cipher + SM2_CIPHERTEXT_EXTRA, number + library->ulong_size, len);
    return SM2_CIPHERTEXT_EXTRA + len;
}

/* Where things lie in the packed form with ULONG of 4: pki/enveloped.h. */
void key_envelope_blob(const struct key_library *library, const uint8_t *packed, uint8_t *ret_blob)
{
    enum { ENCRYPTED = 12, PUBLIC_X = 112, PUBLIC_Y = 176, C1_X = 240, C1_Y = 304, HASH = 336, CIPHER = 372 };
    uint8_t point[64], cipher[SM2_CIPHERTEXT_EXTRA + 16];
    struct writer w = writer_of(ret_blob, KEY_BLOB_ROOM);
    memcpy(point, packed + PUBLIC_X, NUMBER);
    memcpy(point + NUMBER, packed + PUBLIC_Y, NUMBER);
    memcpy(cipher, packed + C1_X, NUMBER);
    memcpy(cipher + NUMBER, packed + C1_Y, NUMBER);
    memcpy(cipher + 64, packed + HASH, SM3_SIZE);
    memcpy(cipher + SM2_CIPHERTEXT_EXTRA, packed + CIPHER, 16);
    key_put_ulong(library, &w, 1);
    key_put_ulong(library, &w, SGD_SM4_ECB);
    key_put_ulong(library, &w, 256);
    write_bytes(&w, bytes_of(packed + ENCRYPTED, 64));
    put_public(library, &w, point);
    put_cipher(library, &w, BYTES(cipher));
}

bool key_signature_read(const uint8_t blob[128], uint8_t ret_signature[64])
{
    uint8_t high = 0;
    for (int i = 0; i < NUMBER; i++) high |= blob[i] | blob[FIELD + i];
    memcpy(ret_signature, blob + NUMBER, NUMBER);
    memcpy(ret_signature + NUMBER, blob + FIELD + NUMBER, NUMBER);
    return high == 0;
}

void key_signature_blob(const uint8_t signature[64], uint8_t ret_blob[128])
{
    struct writer w = writer_of(ret_blob, 2 * FIELD);
    put_number(&w, signature);
    put_number(&w, signature + NUMBER);
}

struct key_parameters key_parameters(const struct key_library *library, struct bytes iv, uint32_t padding)
{
    struct key_parameters p = { { 0 } };
    struct writer w = writer_of(p.bytes, sizeof p.bytes);
    write_bytes(&w, iv);
    w.len = 32;
    key_put_ulong(library, &w, (uint32_t)iv.len);
    key_put_ulong(library, &w, padding);
    key_put_ulong(library, &w, 0);
    return p;
}

static uint32_t number_at(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

uint32_t key_file_number(const struct key_library *library, const uint8_t *attribute, size_t index)
{
    return number_at(attribute + 32 + index * library->ulong_size);
}

uint32_t key_info_number(const struct key_library *library, const uint8_t *info, size_t index)
{
    return number_at(info + skf_offsets[library->layout].info_numbers + index * library->ulong_size);
}

/* ---- return codes ---- */

static const struct {
    uint32_t sar;
    const char *name, *zh, *en;
} codes[] = {
    { SAR_OK, "SAR_OK", "成功", "done" },
    { SAR_FAIL, "SAR_FAIL", "失败", "failed" },
    { SAR_UNKNOWNERR, "SAR_UNKNOWNERR", "未知错误", "unknown error" },
    { SAR_NOTSUPPORTYETERR, "SAR_NOTSUPPORTYETERR", "不支持这项功能", "not supported" },
    { SAR_FILEERR, "SAR_FILEERR", "文件操作错误", "file error" },
    { SAR_INVALIDHANDLEERR, "SAR_INVALIDHANDLEERR", "句柄无效", "invalid handle" },
    { SAR_INVALIDPARAMERR, "SAR_INVALIDPARAMERR", "参数无效", "invalid argument" },
    { SAR_READFILEERR, "SAR_READFILEERR", "读文件失败", "reading failed" },
    { SAR_WRITEFILEERR, "SAR_WRITEFILEERR", "写入失败", "writing failed" },
    { SAR_NAMELENERR, "SAR_NAMELENERR", "名称长度不对", "length of a name" },
    { SAR_KEYUSAGEERR, "SAR_KEYUSAGEERR", "密钥不允许这样使用", "the key is not for this use" },
    { SAR_MODULUSLENERR, "SAR_MODULUSLENERR", "密钥长度不对", "length of a key" },
    { SAR_NOTINITIALIZEERR, "SAR_NOTINITIALIZEERR", "未初始化", "not initialized" },
    { SAR_OBJERR, "SAR_OBJERR", "对象错误", "wrong object" },
    { SAR_MEMORYERR, "SAR_MEMORYERR", "内存不足", "out of memory" },
    { SAR_TIMEOUTERR, "SAR_TIMEOUTERR", "超时", "timed out" },
    { SAR_INDATALENERR, "SAR_INDATALENERR", "输入数据长度不对", "length of the data" },
    { SAR_INDATAERR, "SAR_INDATAERR", "输入数据不对", "wrong data" },
    { SAR_GENRANDERR, "SAR_GENRANDERR", "生成随机数失败", "no random numbers" },
    { SAR_HASHOBJERR, "SAR_HASHOBJERR", "杂凑对象错误", "wrong digest object" },
    { SAR_HASHERR, "SAR_HASHERR", "杂凑运算错误", "digest failed" },
    { SAR_HASHNOTEQUALERR, "SAR_HASHNOTEQUALERR", "签名或杂凑不符", "signature or digest differs" },
    { SAR_KEYNOTFOUNTERR, "SAR_KEYNOTFOUNTERR", "没有这个密钥", "no such key" },
    { SAR_CERTNOTFOUNTERR, "SAR_CERTNOTFOUNTERR", "没有这张证书", "no such certificate" },
    { SAR_NOTEXPORTERR, "SAR_NOTEXPORTERR", "不允许导出", "may not be exported" },
    { SAR_DECRYPTPADERR, "SAR_DECRYPTPADERR", "解密后填充不对", "wrong padding" },
    { SAR_MACLENERR, "SAR_MACLENERR", "MAC 长度不对", "length of a MAC" },
    { SAR_BUFFER_TOO_SMALL, "SAR_BUFFER_TOO_SMALL", "缓冲区太小", "buffer too small" },
    { SAR_KEYINFOTYPEERR, "SAR_KEYINFOTYPEERR", "密钥类型不对", "type of a key" },
    { SAR_NOT_EVENTERR, "SAR_NOT_EVENTERR", "没有事件", "no event" },
    { SAR_DEVICE_REMOVED, "SAR_DEVICE_REMOVED", "USBKey 已拔出", "the key was pulled" },
    { SAR_PIN_INCORRECT, "SAR_PIN_INCORRECT", "PIN 不正确", "wrong PIN" },
    { SAR_PIN_LOCKED, "SAR_PIN_LOCKED", "PIN 已锁死", "the PIN is locked" },
    { SAR_PIN_INVALID, "SAR_PIN_INVALID", "PIN 太简单或与旧 PIN 相同", "the PIN is too simple, or the old one" },
    { SAR_PIN_LEN_RANGE, "SAR_PIN_LEN_RANGE", "PIN 须为 6 至 16 位", "a PIN has 6 to 16 characters" },
    { SAR_USER_ALREADY_LOGGED_IN, "SAR_USER_ALREADY_LOGGED_IN", "已经登录", "already logged in" },
    { SAR_USER_PIN_NOT_INITIALIZED, "SAR_USER_PIN_NOT_INITIALIZED", "须先修改初始 PIN", "the PIN must be changed first" },
    { SAR_USER_TYPE_INVALID, "SAR_USER_TYPE_INVALID", "PIN 类型不对", "type of PIN" },
    { SAR_APPLICATION_NAME_INVALID, "SAR_APPLICATION_NAME_INVALID", "应用名称不对", "name of an application" },
    { SAR_APPLICATION_EXISTS, "SAR_APPLICATION_EXISTS", "应用已经存在", "the application exists" },
    { SAR_USER_NOT_LOGGED_IN, "SAR_USER_NOT_LOGGED_IN", "未验证 PIN", "the PIN was not given" },
    { SAR_APPLICATION_NOT_EXISTS, "SAR_APPLICATION_NOT_EXISTS", "没有这个应用", "no such application" },
    { SAR_FILE_ALREADY_EXIST, "SAR_FILE_ALREADY_EXIST", "文件已经存在", "the file exists" },
    { SAR_NO_ROOM, "SAR_NO_ROOM", "空间不足", "no room" },
    { SAR_FILE_NOT_EXIST, "SAR_FILE_NOT_EXIST", "没有这个文件", "no such file" },
    { SAR_REACH_MAX_CONTAINER_COUNT, "SAR_REACH_MAX_CONTAINER_COUNT", "容器数已满", "no more containers" },
    { SAR_SECURITY_STATE, "SAR_SECURITY_STATE", "安全状态不满足", "not in this security state" },
    { SAR_CONTAINER_NOT_EXISTS, "SAR_CONTAINER_NOT_EXISTS", "没有这个容器", "no such container" },
    { SAR_CONTAINER_EXISTS, "SAR_CONTAINER_EXISTS", "容器已经存在", "the container exists" },
};

const char *key_sar_name(uint32_t sar)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i].sar == sar) return codes[i].name;
    return NULL;
}

const char *key_sar_words(uint32_t sar)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i].sar == sar) return key_words(codes[i].zh, codes[i].en);
    return key_words("厂商自定义的错误", "an error of the maker's own");
}
