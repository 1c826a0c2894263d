/* R-KEY-3 Which of the four layouts a maker's SKF library has is found out from what it writes into DEVINFO. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "token/agent/skf_library.h"

/* DEVINFO as a library of LAYOUT fills it; RESERVED bytes of its end, LAST the numbers that come before them. */
static void fill(enum skf_layout layout, uint8_t background, size_t reserved, size_t last, uint8_t *info)
{
    static const uint32_t numbers[] = { 0x401, 0x20200, 1, 0x401, 131072, 65536, 65536, 65536 };
    const struct skf_offsets *o = &skf_offsets[layout];
    memset(info, background, SKF_INFO_ROOM);
    memset(info, 0, 198);
    memcpy(info + SKF_INFO_SERIAL, "K1", 2);
    for (size_t i = 0; i < last; i++) {
        uint8_t *at = info + o->info_numbers + i * o->ulong_size;
        memset(at, 0, o->ulong_size);
        for (size_t j = 0; j < 4; j++) at[j] = (uint8_t)(numbers[i] >> 8 * j);
    }
    size_t end = o->info_numbers + 8 * o->ulong_size;
    for (size_t i = 0; i < reserved; i++) info[end + i] = 0;
}

static void find(enum skf_layout layout, size_t reserved, size_t last)
{
    uint8_t first[SKF_INFO_ROOM], second[SKF_INFO_ROOM];
    fill(layout, 0xA5, reserved, last, first);
    fill(layout, 0x5A, reserved, last, second);
    enum skf_layout found = SKF_LAYOUTS;
    assert_int_equal(skf_layout_find(first, second, &found).code, ERROR_NONE);
    assert_int_equal(found, layout);
}

static void r_key_3_each_layout_is_recognized(void **state)
{
    for (enum skf_layout l = 0; l < SKF_LAYOUTS; l++) {
        find(l, 64, 8);
        find(l, 0, 8); /* Reserved left alone */
        find(l, 0, 6); /* a draft without the last two numbers */
    }
}

static void what_is_no_layout_is_refused(void **state)
{
    uint8_t first[SKF_INFO_ROOM], second[SKF_INFO_ROOM];
    enum skf_layout found = SKF_LAYOUTS;
    memset(first, 0xA5, sizeof first);
    memset(second, 0x5A, sizeof second);
    assert_int_equal(skf_layout_find(first, second, &found).code, ERROR_AGENT_LIBRARY_LAYOUT); /* nothing written */
    memset(first, 0xFF, sizeof first);
    memset(second, 0xFF, sizeof second);
    assert_int_equal(skf_layout_find(first, second, &found).code, ERROR_AGENT_LIBRARY_LAYOUT); /* written past its end */
    assert_int_equal(found, SKF_LAYOUTS);
}

static void keys_are_read_from_right_aligned_numbers(void **state)
{
    uint8_t blob[SKF_KEY_ROOM] = { 0 }, point[64];
    for (size_t i = 0; i < 32; i++) {
        blob[8 + 32 + i] = (uint8_t)(i + 1);
        blob[8 + 64 + 32 + i] = (uint8_t)(i + 101);
    }
    assert_int_equal(skf_key_read(SKF_PACKED_8, blob, point).code, ERROR_NONE);
    assert_int_equal(point[0], 1);
    assert_int_equal(point[63], 132);
    assert_int_equal(skf_key_read(SKF_PACKED_4, blob, point).code, ERROR_AGENT_LIBRARY_LAYOUT); /* off by four */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r_key_3_each_layout_is_recognized),
        cmocka_unit_test(what_is_no_layout_is_refused),
        cmocka_unit_test(keys_are_read_from_right_aligned_numbers),
    };
    return cmocka_run_group_tests_name("agent-layout", tests, NULL, NULL);
}
