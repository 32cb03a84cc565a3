/* SPDX-License-Identifier: AGPL-3.0-only */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

static void first_in_first_out(void **state)
{
    (void)state;
    struct list list;
    struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    list_init(&list);
    assert_true(list_empty(&list));
    assert_null(list_pop_front(&list));
    for (int i = 0; i < 3; i++)
        list_push_back(&list, &items[i].link);
    assert_false(list_empty(&list));
    for (int i = 0; i < 3; i++) {
        struct list *link = list_pop_front(&list);
        assert_non_null(link);
        assert_int_equal(container_of(link, struct item, link)->number, i);
        assert_true(list_empty(link));
    }
    assert_true(list_empty(&list));
}

static void last_in_first_out(void **state)
{
    (void)state;
    struct list list;
    struct item items[2] = {{.number = 0}, {.number = 1}};
    list_init(&list);
    list_push_front(&list, &items[0].link);
    list_push_front(&list, &items[1].link);
    assert_ptr_equal(list_pop_front(&list), &items[1].link);
    assert_ptr_equal(list_pop_front(&list), &items[0].link);
    assert_null(list_pop_front(&list));
}

static void one_in_the_middle_is_taken_out(void **state)
{
    (void)state;
    struct list list;
    struct item items[3];
    list_init(&list);
    for (int i = 0; i < 3; i++)
        list_push_back(&list, &items[i].link);
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_ptr_equal(list.next, &items[0].link);
    assert_ptr_equal(list.next->next, &items[2].link);
    assert_ptr_equal(list.previous, &items[2].link);
    list_push_back(&list, &items[1].link);
    assert_ptr_equal(list.previous, &items[1].link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(last_in_first_out),
        cmocka_unit_test(one_in_the_middle_is_taken_out),
    };
    return cmocka_run_group_tests_name("base/list", tests, NULL, NULL);
}
