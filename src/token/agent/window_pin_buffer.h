/* What a field for a PIN keeps: at most PIN_MAX visible ASCII characters in locked memory, wiped when the field goes
 * away. GTK's own buffer lies on the heap and grows by copies. */
#pragma once

#include <gtk/gtk.h>

/* TEXT: PIN_MAX + 1 bytes of the caller's locked memory, which outlives the buffer. */
GtkEntryBuffer *window_pin_buffer_new(char *text);
