#include "token/agent/window_pin_buffer.h"

#include <string.h>

#include "base/secret.h"
#include "token/agent/pin.h"

typedef struct {
    GtkEntryBuffer parent;
    char *text;
} PinBuffer;

typedef struct {
    GtkEntryBufferClass parent;
} PinBufferClass;

static GType pin_buffer_get_type(void);
G_DEFINE_TYPE(PinBuffer, pin_buffer, GTK_TYPE_ENTRY_BUFFER)

static const char *get_text(GtkEntryBuffer *buffer, size_t *ret_bytes)
{
    const PinBuffer *pin = (PinBuffer *)buffer;
    if (ret_bytes) *ret_bytes = strlen(pin->text);
    return pin->text;
}

static guint get_length(GtkEntryBuffer *buffer)
{
    return (guint)strlen(((PinBuffer *)buffer)->text);
}

static guint insert_text(GtkEntryBuffer *buffer, guint position, const char *chars, guint count)
{
    char *text = ((PinBuffer *)buffer)->text;
    size_t len = strlen(text);
    if (position > len || count > PIN_MAX - len) return 0;
    for (guint i = 0; i < count; i++)
        if (chars[i] <= 0x20 || chars[i] >= 0x7F) return 0;
    memmove(text + position + count, text + position, len - position + 1);
    memcpy(text + position, chars, count);
    gtk_entry_buffer_emit_inserted_text(buffer, position, text + position, count);
    return count;
}

static guint delete_text(GtkEntryBuffer *buffer, guint position, guint count)
{
    char *text = ((PinBuffer *)buffer)->text;
    size_t len = strlen(text);
    if (position > len) position = (guint)len;
    if (count > len - position) count = (guint)(len - position);
    if (count == 0) return 0;
    memmove(text + position, text + position + count, len - position - count);
    secret_wipe(text + len - count, count);
    gtk_entry_buffer_emit_deleted_text(buffer, position, count);
    return count;
}

static void pin_buffer_class_init(PinBufferClass *class)
{
    class->parent.get_text = get_text;
    class->parent.get_length = get_length;
    class->parent.insert_text = insert_text;
    class->parent.delete_text = delete_text;
}

static void pin_buffer_init(PinBuffer *pin)
{
    pin->text = NULL;
}

GtkEntryBuffer *window_pin_buffer_new(char *text)
{
    PinBuffer *pin = g_object_new(pin_buffer_get_type(), NULL);
    pin->text = text;
    return &pin->parent;
}
