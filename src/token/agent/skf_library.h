/* An SKF library (GM/T 0016) of any maker, as the helper sees it: functions found by name, and the layout of its
 * structures, found out by asking. Makers disagree in two ways: ULONG has 4 or 8 bytes (unsigned long on Linux), and
 * structures are packed or not. What is passed by value or by pointer is chosen so that it works with both:
 * - by value, a whole register: a callee that takes 4 bytes looks at its low half;
 * - out parameters get 8 zeroed bytes, of which the low half is read (all machines here are little-endian);
 * - of what is returned the low 32 bits count. */
#pragma once

#include "base/bytes.h"

#ifdef _WIN32
#define SKF_CALL __stdcall
#else
#define SKF_CALL
#endif

typedef uintptr_t skf_value;               /* ULONG, DWORD, BOOL by value, and returned */
typedef struct {
    uint32_t low, high;                    /* ULONG, BOOL by pointer; high is only there to be written to */
} skf_out;
typedef void *skf_handle;

enum skf_layout { SKF_PACKED_4, SKF_NATURAL_4, SKF_PACKED_8, SKF_NATURAL_8, SKF_LAYOUTS };

/* Where things lie in each layout. */
struct skf_offsets {
    size_t info_size;      /* DEVINFO */
    size_t info_numbers;   /* its first ULONG, AlgSymCap */
    size_t ulong_size;
    size_t key_size;       /* ECCPUBLICKEYBLOB: ULONG, X[64], Y[64] */
};
extern const struct skf_offsets skf_offsets[SKF_LAYOUTS];

/* Texts of DEVINFO stand at the same places in every layout. */
enum {
    SKF_INFO_MANUFACTURER = 2,
    SKF_INFO_LABEL = 130,
    SKF_INFO_SERIAL = 162,
    SKF_INFO_ROOM = 1024,
    SKF_SIGNATURE_SIZE = 128, /* ECCSIGNATUREBLOB, in every layout */
    SKF_KEY_ROOM = 256
};

/* Found by name; those of HUFU_… are NULL where the library is not ours, LockDev and UnlockDev where it has none. */
struct skf_functions {
    skf_value(SKF_CALL *EnumDev)(skf_value present, char *names, skf_out *size);
    skf_value(SKF_CALL *ConnectDev)(char *name, skf_handle *device);
    skf_value(SKF_CALL *DisConnectDev)(skf_handle device);
    skf_value(SKF_CALL *GetDevInfo)(skf_handle device, void *info);
    skf_value(SKF_CALL *LockDev)(skf_handle device, skf_value timeout_ms);
    skf_value(SKF_CALL *UnlockDev)(skf_handle device);
    skf_value(SKF_CALL *EnumApplication)(skf_handle device, char *names, skf_out *size);
    skf_value(SKF_CALL *OpenApplication)(skf_handle device, char *name, skf_handle *application);
    skf_value(SKF_CALL *CloseApplication)(skf_handle application);
    skf_value(SKF_CALL *GetPINInfo)(skf_handle application, skf_value type, skf_out *max, skf_out *left,
                                    skf_out *preset);
    skf_value(SKF_CALL *VerifyPIN)(skf_handle application, skf_value type, char *pin, skf_out *left);
    skf_value(SKF_CALL *ChangePIN)(skf_handle application, skf_value type, char *old, char *fresh, skf_out *left);
    skf_value(SKF_CALL *ClearSecureState)(skf_handle application);
    skf_value(SKF_CALL *EnumContainer)(skf_handle application, char *names, skf_out *size);
    skf_value(SKF_CALL *OpenContainer)(skf_handle application, char *name, skf_handle *container);
    skf_value(SKF_CALL *CloseContainer)(skf_handle container);
    skf_value(SKF_CALL *ExportCertificate)(skf_handle container, skf_value signing, uint8_t *der, skf_out *size);
    skf_value(SKF_CALL *ExportPublicKey)(skf_handle container, skf_value signing, uint8_t *blob, skf_out *size);
    skf_value(SKF_CALL *ECCSignData)(skf_handle container, uint8_t *digest, skf_value size, uint8_t *signature);

    /* token/skf/hufu_skf.h */
    skf_value(SKF_CALL *GetFlags)(skf_handle device, void *flags);
    skf_value(SKF_CALL *GetCardCertificate)(skf_handle device, uint8_t *der, skf_out *size);
    skf_value(SKF_CALL *SignMessage)(skf_handle container, uint8_t *message, skf_value size, uint8_t *signature);
    skf_value(SKF_CALL *ProductionChallenge)(skf_handle device, uint8_t *challenge);
    skf_value(SKF_CALL *OpenProduction)(skf_handle device, uint8_t *answer, uint8_t *sealed, uint8_t *point,
                                        uint8_t *attestation);
    skf_value(SKF_CALL *Prove)(skf_handle device, uint8_t *statement, skf_value size, uint8_t *signature);
    skf_value(SKF_CALL *WriteProduction)(skf_handle device, uint8_t *signing, skf_value signing_size,
                                         uint8_t *encryption, skf_value encryption_size, uint8_t *enveloped,
                                         skf_value enveloped_size);
    skf_value(SKF_CALL *CloseProduction)(skf_handle device);
    skf_value(SKF_CALL *UnlockChallenge)(skf_handle device, uint8_t *challenge);
    skf_value(SKF_CALL *UnlockAnswer)(skf_handle device, uint8_t *answer, skf_value size);
    /* NULL where ours is older than these. */
    skf_value(SKF_CALL *WriteRecovered)(skf_handle device, uint8_t *encryption, skf_value encryption_size,
                                        uint8_t *enveloped, skf_value enveloped_size);
    skf_value(SKF_CALL *OpenDownload)(skf_handle device, skf_value how, char *container, uint8_t *point,
                                      uint8_t *attestation);
    skf_value(SKF_CALL *ProveDownload)(skf_handle application, uint8_t *statement, skf_value size, uint8_t *signature,
                                       uint8_t *possession);
    skf_value(SKF_CALL *WriteDownload)(skf_handle device, uint8_t *signing, skf_value signing_size,
                                       uint8_t *encryption, skf_value encryption_size, uint8_t *enveloped,
                                       skf_value enveloped_size);
};

struct skf_library {
    struct skf_functions f;
    bool ours;            /* all of HUFU_… are there */
    bool layout_known;
    enum skf_layout layout;
};

/* Loads the library at PATH. ERROR_AGENT_LIBRARY_FAILED when it cannot be loaded or lacks a function of the standard
 * that is needed. */
RESULT skf_library_load(const char *path, struct skf_library *ret_library);
/* Finds out the layout from what GetDevInfo wrote into two buffers of SKF_INFO_ROOM bytes that were filled with 0xA5
 * and with 0x5A. ERROR_AGENT_LIBRARY_LAYOUT when it fits none of the four, or several. */
RESULT skf_layout_find(const uint8_t *first, const uint8_t *second, enum skf_layout *ret_layout);
/* X ‖ Y from an ECCPUBLICKEYBLOB. ERROR_AGENT_LIBRARY_LAYOUT when the numbers are not right-aligned 256-bit ones. */
RESULT skf_key_read(enum skf_layout layout, const uint8_t *blob, uint8_t ret_point[64]);

/* Per platform (helper_linux.c, helper_windows.c). */
void *skf_library_open(const char *path);
void (*skf_library_find(void *library, const char *name))(void);
