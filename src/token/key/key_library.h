/* Any maker's SKF library, whatever the width of its ULONG and the packing of its structures
 * (token/agent/skf_library.h says how that is done: registers are passed whole, out parameters have 8 bytes,
 * structures are laid out by hand). Here with all functions, each of which may be missing. */
#pragma once

#include "token/agent/skf_library.h"
#include "token/skf/skf.h"

enum { KEY_LIST_MAX = 16384, KEY_BLOB_ROOM = 8192, KEY_CERTIFICATE_MAX = 8192 };

/* BLOCKCIPHERPARAM, passed by value: 44 or 56 bytes of these, in every calling convention. */
struct key_parameters {
    uint8_t bytes[64];
};

/* ---- all functions: F(name, parameters) ---- */
#define KEY_FUNCTIONS(F)                                                                                     \
    F(WaitForDevEvent, (char *, skf_out *, skf_out *))                                                       \
    F(CancelWaitForDevEvent, (void))                                                                         \
    F(EnumDev, (skf_value, char *, skf_out *))                                                               \
    F(ConnectDev, (const char *, skf_handle *))                                                              \
    F(DisConnectDev, (skf_handle))                                                                           \
    F(GetDevState, (const char *, skf_out *))                                                                \
    F(SetLabel, (skf_handle, const char *))                                                                  \
    F(GetDevInfo, (skf_handle, void *))                                                                      \
    F(LockDev, (skf_handle, skf_value))                                                                      \
    F(UnlockDev, (skf_handle))                                                                               \
    F(Transmit, (skf_handle, const void *, skf_value, void *, skf_out *))                                    \
    F(ChangeDevAuthKey, (skf_handle, const void *, skf_value))                                               \
    F(DevAuth, (skf_handle, const void *, skf_value))                                                        \
    F(ChangePIN, (skf_handle, skf_value, const char *, const char *, skf_out *))                             \
    F(GetPINInfo, (skf_handle, skf_value, skf_out *, skf_out *, skf_out *))                                  \
    F(VerifyPIN, (skf_handle, skf_value, const char *, skf_out *))                                           \
    F(UnblockPIN, (skf_handle, const char *, const char *, skf_out *))                                       \
    F(ClearSecureState, (skf_handle))                                                                        \
    F(CreateApplication,                                                                                     \
      (skf_handle, const char *, const char *, skf_value, const char *, skf_value, skf_value, skf_handle *)) \
    F(EnumApplication, (skf_handle, char *, skf_out *))                                                      \
    F(DeleteApplication, (skf_handle, const char *))                                                         \
    F(OpenApplication, (skf_handle, const char *, skf_handle *))                                             \
    F(CloseApplication, (skf_handle))                                                                        \
    F(CreateFile, (skf_handle, const char *, skf_value, skf_value, skf_value))                               \
    F(DeleteFile, (skf_handle, const char *))                                                                \
    F(EnumFiles, (skf_handle, char *, skf_out *))                                                            \
    F(GetFileInfo, (skf_handle, const char *, void *))                                                       \
    F(ReadFile, (skf_handle, const char *, skf_value, skf_value, void *, skf_out *))                         \
    F(WriteFile, (skf_handle, const char *, skf_value, const void *, skf_value))                             \
    F(CreateContainer, (skf_handle, const char *, skf_handle *))                                             \
    F(DeleteContainer, (skf_handle, const char *))                                                           \
    F(EnumContainer, (skf_handle, char *, skf_out *))                                                        \
    F(OpenContainer, (skf_handle, const char *, skf_handle *))                                               \
    F(CloseContainer, (skf_handle))                                                                          \
    F(GetContainerType, (skf_handle, skf_out *))                                                             \
    F(ImportCertificate, (skf_handle, skf_value, const void *, skf_value))                                   \
    F(ExportCertificate, (skf_handle, skf_value, void *, skf_out *))                                         \
    F(GenRandom, (skf_handle, void *, skf_value))                                                            \
    F(GenExtRSAKey, (skf_handle, skf_value, void *))                                                         \
    F(GenRSAKeyPair, (skf_handle, skf_value, void *))                                                        \
    F(ImportRSAKeyPair, (skf_handle, skf_value, const void *, skf_value, const void *, skf_value))           \
    F(RSASignData, (skf_handle, const void *, skf_value, void *, skf_out *))                                 \
    F(RSAVerify, (skf_handle, const void *, const void *, skf_value, const void *, skf_value))               \
    F(RSAExportSessionKey, (skf_handle, skf_value, const void *, void *, skf_out *, skf_handle *))           \
    F(ExtRSAPubKeyOperation, (skf_handle, const void *, const void *, skf_value, void *, skf_out *))         \
    F(ExtRSAPriKeyOperation, (skf_handle, const void *, const void *, skf_value, void *, skf_out *))         \
    F(GenECCKeyPair, (skf_handle, skf_value, void *))                                                        \
    F(ImportECCKeyPair, (skf_handle, const void *))                                                          \
    F(ECCSignData, (skf_handle, const void *, skf_value, void *))                                            \
    F(ECCVerify, (skf_handle, const void *, const void *, skf_value, const void *))                          \
    F(ECCExportSessionKey, (skf_handle, skf_value, const void *, void *, skf_handle *))                      \
    F(ExtECCEncrypt, (skf_handle, const void *, const void *, skf_value, void *))                            \
    F(ExtECCDecrypt, (skf_handle, const void *, const void *, void *, skf_out *))                            \
    F(ExtECCSign, (skf_handle, const void *, const void *, skf_value, void *))                               \
    F(ExtECCVerify, (skf_handle, const void *, const void *, skf_value, const void *))                       \
    F(GenerateAgreementDataWithECC, (skf_handle, skf_value, void *, const void *, skf_value, skf_handle *))  \
    F(GenerateAgreementDataAndKeyWithECC, (skf_handle, skf_value, const void *, const void *, void *,        \
                                           const void *, skf_value, const void *, skf_value, skf_handle *))  \
    F(GenerateKeyWithECC, (skf_handle, const void *, const void *, const void *, skf_value, skf_handle *))   \
    F(ExportPublicKey, (skf_handle, skf_value, void *, skf_out *))                                           \
    F(ImportSessionKey, (skf_handle, skf_value, const void *, skf_value, skf_handle *))                      \
    F(SetSymmKey, (skf_handle, const void *, skf_value, skf_handle *))                                       \
    F(EncryptInit, (skf_handle, struct key_parameters))                                                      \
    F(Encrypt, (skf_handle, const void *, skf_value, void *, skf_out *))                                     \
    F(EncryptUpdate, (skf_handle, const void *, skf_value, void *, skf_out *))                               \
    F(EncryptFinal, (skf_handle, void *, skf_out *))                                                         \
    F(DecryptInit, (skf_handle, struct key_parameters))                                                      \
    F(Decrypt, (skf_handle, const void *, skf_value, void *, skf_out *))                                     \
    F(DecryptUpdate, (skf_handle, const void *, skf_value, void *, skf_out *))                               \
    F(DecryptFinal, (skf_handle, void *, skf_out *))                                                         \
    F(DigestInit, (skf_handle, skf_value, const void *, const void *, skf_value, skf_handle *))              \
    F(Digest, (skf_handle, const void *, skf_value, void *, skf_out *))                                      \
    F(DigestUpdate, (skf_handle, const void *, skf_value))                                                   \
    F(DigestFinal, (skf_handle, void *, skf_out *))                                                          \
    F(MacInit, (skf_handle, const void *, skf_handle *))                                                     \
    F(Mac, (skf_handle, const void *, skf_value, void *, skf_out *))                                         \
    F(MacUpdate, (skf_handle, const void *, skf_value))                                                      \
    F(MacFinal, (skf_handle, void *, skf_out *))                                                             \
    F(CloseHandle, (skf_handle))

struct key_functions {
#define KEY_FIELD(name, parameters) skf_value(SKF_CALL *name) parameters;
    KEY_FUNCTIONS(KEY_FIELD)
#undef KEY_FIELD
    /* Ours alone (token/skf/hufu_skf.h); NULL with other makers' libraries. */
    skf_value(SKF_CALL *GetFlags)(skf_handle, void *);
    skf_value(SKF_CALL *SignMessage)(skf_handle, const void *, skf_value, void *);
};

struct key_library {
    struct key_functions f;
    size_t ulong_size; /* 4 or 8 */
    enum skf_layout layout;
    bool layout_known; /* after key_library_learn */
    size_t missing;    /* functions of the standard that it lacks */
};

/* Loads PATH. ERROR_KEY_LIBRARY. */
RESULT key_library_load(const char *path, struct key_library *ret_library);
/* Finds the layout out from a connected device: ERROR_KEY_LAYOUT, or what GetDevInfo said: *ret_sar. */
RESULT key_library_learn(struct key_library *library, skf_handle device, uint32_t *ret_sar);

/* Every function of the standard with whether it is there, in the order of the standard. */
struct key_entry {
    const char *name;
    size_t offset; /* of the pointer in struct key_functions */
};
extern const struct key_entry key_entries[];
extern const size_t key_entry_count;

/* ---- structures laid out for the library ---- */

/* Integers are written with as many bytes as its ULONG has. */
void key_put_ulong(const struct key_library *library, struct writer *w, uint32_t v);
/* ECCPUBLICKEYBLOB of X ‖ Y; RET_BLOB has KEY_BLOB_ROOM bytes, here and below. */
void key_public_blob(const struct key_library *library, const uint8_t point[64], uint8_t *ret_blob);
void key_private_blob(const struct key_library *library, const uint8_t d[32], uint8_t *ret_blob);
/* ENVELOPEDKEYBLOB from the one of pki/enveloped.h. */
void key_envelope_blob(const struct key_library *library, const uint8_t *packed, uint8_t *ret_blob);
/* C1 ‖ C3 ‖ C2 ↔ ECCCIPHERBLOB. */
void key_cipher_blob(const struct key_library *library, struct bytes cipher, uint8_t *ret_blob);
size_t key_cipher_read(const struct key_library *library, const uint8_t *blob, size_t max,
                       uint8_t *ret_cipher);
size_t key_cipher_blob_size(const struct key_library *library, size_t plain);
/* r ‖ s ↔ ECCSIGNATUREBLOB. False for numbers of more than 32 bytes. */
bool key_signature_read(const uint8_t blob[128], uint8_t ret_signature[64]);
void key_signature_blob(const uint8_t signature[64], uint8_t ret_blob[128]);
struct key_parameters key_parameters(const struct key_library *library, struct bytes iv, uint32_t padding);
/* A number of FILEATTRIBUTE behind its name of 32 bytes, or of DEVINFO: the INDEX-th. */
uint32_t key_file_number(const struct key_library *library, const uint8_t *attribute, size_t index);
uint32_t key_info_number(const struct key_library *library, const uint8_t *info, size_t index);

/* The low half of what a function returned, by its published name; "0x…" for others is not made here: NULL.
 */
const char *key_sar_name(uint32_t sar);
/* What it means, for people. */
const char *key_sar_words(uint32_t sar);
