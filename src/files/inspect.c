#include "files/inspect.h"

#include <ctype.h>

enum { ZIP_END_SIZE = 22, ZIP_COMMENT_MAX = 65535, HEAD_SIZE = 1024 };

/* What people upload by mistake, told by name so that they know what to do instead. */
static const struct other {
    size_t offset;
    const char *magic;
    size_t len;
    const char *words;
} others[] = {
    { 4, "ftypheic", 8, "这是 HEIC 照片，请在手机相机设置中改为“兼容性最佳”（JPEG）" },
    { 4, "ftypheix", 8, "这是 HEIC 照片，请在手机相机设置中改为“兼容性最佳”（JPEG）" },
    { 4, "ftypmif1", 8, "这是 HEIC 照片，请在手机相机设置中改为“兼容性最佳”（JPEG）" },
    { 4, "ftyp", 4, "这是视频文件" },
    { 0, "PK\x03\x04", 4, "这是 Word、WPS、OFD 或压缩包文件，请打印为 PDF" },
    { 0, "\xD0\xCF\x11\xE0", 4, "这是旧版 Word 或 WPS 文件，请打印为 PDF" },
    { 0, "Rar!", 4, "这是压缩包，请解压后上传其中的扫描件" },
    { 0, "7z\xBC\xAF\x27\x1C", 6, "这是压缩包，请解压后上传其中的扫描件" },
    { 0, "GIF8", 4, "这是 GIF 图片，请另存为 JPEG 或 PNG" },
    { 0, "BM", 2, "这是 BMP 图片，请另存为 JPEG 或 PNG" },
    { 0, "II*\0", 4, "这是 TIFF 图片，请另存为 PDF 或 JPEG" },
    { 0, "MM\0*", 4, "这是 TIFF 图片，请另存为 PDF 或 JPEG" },
    { 0, "RIFF", 4, "这是 WebP 图片或音视频，请另存为 JPEG 或 PNG" },
    { 0, "MZ", 2, "这是程序文件" },
    { 0, "\x7F" "ELF", 4, "这是程序文件" },
};

/* Tags that make a browser or interpreter take a file for its own, in lower case. */
static const char *const tags[] = { "<html", "<script", "<!doctype", "<svg",  "<iframe",
                                    "<body", "<?php",   "<object",   "<embed", "<img" };

static bool begins(struct bytes file, size_t offset, const char *magic, size_t len)
{
    return file.len >= offset + len && memcmp(file.ptr + offset, magic, len) == 0;
}

static bool tag_at(struct bytes text, size_t at, const char *tag)
{
    size_t i = 0;
    while (tag[i] && at + i < text.len && tolower(text.ptr[at + i]) == tag[i]) i++;
    return tag[i] == '\0';
}

struct result inspect_text(struct bytes text, struct diag *diag)
{
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != '<') continue;
        for (size_t i = 0; i < COUNT(tags); i++)
            if (tag_at(text, at, tags[i]))
                return diag_log(diag, ERROR_FILE_POLYGLOT, "tag=%s offset=%zu", tags[i] + 1, at);
    }
    return OK;
}

struct result inspect_pixels(int64_t width, int64_t height, struct diag *diag)
{
    if (width > 0 && height > FILES_PIXELS_MAX / width)
        return diag_detail(diag, ERROR_FILE_PIXELS, "图像为 %lld × %lld 像素，上限为一亿像素", (long long)width,
                           (long long)height);
    return OK;
}

static uint32_t little(const uint8_t *p, int count)
{
    uint32_t v = 0;
    for (int i = count - 1; i >= 0; i--) v = v << 8 | p[i];
    return v;
}

/* Archive programs look for the end record of a ZIP from the end of any file, so that a scan could be an
 * archive as well. Four bytes alone may be chance; with one disk and a directory that lies before the
 * record they are not. */
static struct result no_archive(struct bytes file, struct diag *diag)
{
    size_t reach = ZIP_END_SIZE + ZIP_COMMENT_MAX, from = file.len > reach ? file.len - reach : 0;
    for (size_t at = from; at + ZIP_END_SIZE <= file.len; at++) {
        const uint8_t *p = file.ptr + at;
        if (memcmp(p, "PK\x05\x06", 4) != 0) continue;
        uint64_t directory = (uint64_t)little(p + 12, 4) + little(p + 16, 4);
        if (little(p + 4, 4) == 0 && directory <= at)
            return diag_log(diag, ERROR_FILE_POLYGLOT, "zip end record, offset=%zu", at);
    }
    return OK;
}

static struct result other_type(struct bytes file, struct diag *diag)
{
    size_t head = file.len < HEAD_SIZE ? file.len : HEAD_SIZE;
    for (size_t at = 1; at + 5 <= head; at++)
        if (begins(file, at, "%PDF-", 5))
            return diag_log(diag, ERROR_FILE_PREFIX, "pdf header, offset=%zu", at);
    for (size_t i = 0; i < COUNT(others); i++)
        if (begins(file, others[i].offset, others[i].magic, others[i].len))
            return diag_detail(diag, ERROR_FILE_TYPE, "%s", others[i].words);
    return FAIL(ERROR_FILE_TYPE);
}

struct result inspect_file(struct bytes file, struct diag *diag, struct files_inspected *ret_inspected)
{
    ENSURE(file.len > 0, ERROR_FILE_EMPTY);
    ENSURE(file.len <= FILES_UPLOAD_MAX, ERROR_FILE_LARGE);
    static const struct kind {
        const char *magic;
        size_t len;
        struct result (*inspect)(struct bytes, struct diag *, struct files_inspected *);
    } kinds[] = {
        { "%PDF-", 5, inspect_pdf },
        { "\x89PNG\r\n\x1A\n", 8, inspect_png },
        { "\xFF\xD8\xFF", 3, inspect_jpeg },
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!begins(file, 0, kinds[i].magic, kinds[i].len)) continue;
        struct files_inspected found;
        TRY(kinds[i].inspect(file, diag, &found));
        TRY(no_archive(file, diag));
        *ret_inspected = found;
        return OK;
    }
    return other_type(file, diag);
}
