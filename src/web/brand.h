/* The pages are built with one brand; where the installation is called otherwise, its own is put into each index.html
 * that is handed out: in meta name=brand, from which the pages' texts are made, and in the description. */
#pragma once

#include "base/arena.h"

/* What the pages are built with: the preset of [web] brand. */
#define BRAND_BUILT "国资CA"

/* HTML with BRAND in the place of BRAND_BUILT, in ARENA. Empty when there is no room for it. */
struct bytes brand_page(struct arena *arena, struct bytes html, const char *brand);
