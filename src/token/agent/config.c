#include "token/agent/config.h"

enum { ORIGINS_TEXT_MAX = 8192, LIBRARIES_TEXT_MAX = 4096 };

#define OPTION(field) #field, .offset = offsetof(struct agent_config, field)

const struct config_option agent_config_options[] = {
    { OPTION(port), .kind = CONFIG_NUMBER, .preset = "18181", .min = 1024, .max = 65535,
      .words = "port on 127.0.0.1 and ::1" },
    { OPTION(origins), .kind = CONFIG_TEXT, .max = ORIGINS_TEXT_MAX,
      .words = "websites that may use USBKeys: https://host[:port], blanks between them" },
    { OPTION(production_origins), .kind = CONFIG_TEXT, .max = ORIGINS_TEXT_MAX,
      .words = "those that may also produce USBKeys and have operators' statements signed: the console" },
    { OPTION(origin_list), .kind = CONFIG_PATH, .words = "a signed list of such websites (docs/PROTOCOL.agent)" },
    { OPTION(origin_list_key), .kind = CONFIG_TEXT, .min = 128, .max = 128,
      .words = "public key that signs origin_list: X and Y in hex" },
    { OPTION(libraries), .kind = CONFIG_TEXT, .max = LIBRARIES_TEXT_MAX,
      .words = "SKF libraries by absolute path, ';' between them; absent: libhufu-skf beside the agent" },
    { OPTION(folder), .kind = CONFIG_PATH,
      .words = "where pairings are kept; absent: the person's state folder" },
    { OPTION(usbkeys), .kind = CONFIG_PATH, .words = "folder with the sockets of virtual USBKeys (demonstrations)" },
};
const size_t agent_config_options_count = COUNT(agent_config_options);
