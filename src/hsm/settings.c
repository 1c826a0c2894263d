#include "hsm/settings.h"

#define SETTING(field, kind, preset, required, min, max, words) \
    { #field, (kind), offsetof(struct hsm_settings, field), (preset), (required), (min), (max), (words) }

const struct config_option hsm_options[] = {
    SETTING(module, CONFIG_PATH, NULL, true, 0, 0, "the PKCS#11 library of the HSM's maker"),
    SETTING(token, CONFIG_TEXT, NULL, true, 1, 32, "label of the token that holds the keys"),
    SETTING(slot, CONFIG_NUMBER, "-1", false, -1, 4294967295, "number of the slot it must be in; -1: in any"),
    SETTING(pin_file, CONFIG_PATH, NULL, true, 0, 0,
            "file with the PIN of the token's user, such as systemd's credential; handed on open, by descriptor"),
    SETTING(issuing_key, CONFIG_TEXT, NULL, true, 1, 64, "label of the issuing CA's key (read by hufu-signer)"),
    SETTING(ocsp_key, CONFIG_TEXT, NULL, false, 1, 64,
            "label of the OCSP responder's key; goes with ocsp_url of [signer] (read by hufu-signer)"),
    SETTING(root_key, CONFIG_TEXT, NULL, false, 1, 64,
            "label of the key of a root that hufu init makes; without it that key is drawn (read by hufu-signer)"),
    SETTING(call_seconds, CONFIG_NUMBER, "10", false, 1, 120,
            "so long the library may take for a request; then the process is ended and started anew"),
    SETTING(variables, CONFIG_TEXT, NULL, false, 0, 0, "of the library's environment: NAME=VALUE, joined by spaces"),
    SETTING(reads, CONFIG_TEXT, NULL, false, 0, 0, "folders that the library reads, joined by spaces"),
    SETTING(writes, CONFIG_TEXT, NULL, false, 0, 0, "folders that the library reads and writes, joined by spaces"),
    SETTING(network, CONFIG_FLAG, "no", false, 0, 0, "the library reaches its HSM over the network"),
    SETTING(sandbox, CONFIG_FLAG, "yes", false, 0, 0,
            "the process is closed off; no: for a library that cannot live with it, said in the log at each start"),
};
const size_t hsm_options_count = COUNT(hsm_options);
