/* SPDX-License-Identifier: Apache-2.0 */

/* What collections pass by, and what they leave. Part of quickjs_engine.c. */

static struct list_head *kept_list(struct quickjs_kept *kept)
{
    _Static_assert(sizeof(struct list_head) == sizeof(kept->links), "the list's own form");
    return (struct list_head *)kept->links;
}

void quickjs_kept_init(struct quickjs_kept *kept)
{
    init_list_head(kept_list(kept));
}

/* Moves all of `from` behind the last of `to`. */
static void move_all(struct list_head *from, struct list_head *to)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    init_list_head(from);
}

/* Whether the objects of a list are passed by. */
static void mark_kept(struct list_head *objects, bool is_kept)
{
    struct list_head *link;
    list_for_each(link, objects) js_rc(list_entry(link, JSGCObjectHeader, link))->kept = is_kept;
}

/* The collector only visits what is on gc_obj_list, and only what it visits can it take for
 * garbage: an object that is on another list counts as a reference from outside. */
void quickjs_keep(JSRuntime *runtime, struct quickjs_kept *kept)
{
    JS_RunGC(runtime);
    mark_kept(&runtime->gc_obj_list, true);
    move_all(&runtime->gc_obj_list, kept_list(kept));
}

void quickjs_unkeep(JSRuntime *runtime, struct quickjs_kept *kept)
{
    mark_kept(kept_list(kept), false);
    move_all(kept_list(kept), &runtime->gc_obj_list);
}

void quickjs_collect_after(JSRuntime *runtime, size_t growth, size_t *threshold)
{
    if (runtime->malloc_gc_threshold == *threshold)
        return;
    *threshold = runtime->malloc_state.malloc_size + growth;
    runtime->malloc_gc_threshold = *threshold;
}

/* Blocks that are free inside of an arena, which QuickJS keeps. */
static void wipe_arena(JSArena *arena)
{
    size_t block_bytes = arena_block_sizes[arena->block_size_idx];
    for (unsigned int i = arena->first_free_block; i != JS_ARENA_FREE_NIL;) {
        JSMallocBlockHeader *block = arena_get_block(arena, i, block_bytes);
        memset(block->user_data, 0, block_bytes - sizeof(*block));
        i = block->u.free_next;
    }
}

void quickjs_wipe_free_memory(JSRuntime *runtime)
{
    for (int i = 0; i < JS_ARENA_BLOCK_SIZE_COUNT; i++) {
        struct list_head *link;
        list_for_each(link, &runtime->arena_state.free_arena_list[i])
            wipe_arena(list_entry(link, JSArena, free_link));
    }
}
