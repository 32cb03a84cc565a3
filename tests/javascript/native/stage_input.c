/* SPDX-License-Identifier: AGPL-3.0-only */

#include "stage_input.h"

#include <stdlib.h>
#include <string.h>

#include "stages.h"

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL)
        abort();
    return memory;
}

struct host_bytes stage_input_read(FILE *file)
{
    struct host_bytes content = {.data = allocate(1)};
    for (;;) {
        uint8_t piece[65536];
        size_t bytes = fread(piece, 1, sizeof(piece), file);
        if (bytes == 0)
            break;
        content.data = realloc(content.data, content.bytes + bytes + 1);
        if (content.data == NULL)
            abort();
        memcpy(content.data + content.bytes, piece, bytes);
        content.bytes += bytes;
    }
    content.data[content.bytes] = 0;
    return content;
}

static void append(struct host_bytes *to, const void *data, size_t bytes)
{
    if (bytes > 0)
        memcpy(to->data + to->bytes, data, bytes);
    to->bytes += bytes;
}

#define HEAD_BYTES_MAX 128

bool stage_input_run(struct engine *engine, const char *kind, const char *name,
                     struct host_bytes source, struct host_bytes map, char **ret_error)
{
    char head[HEAD_BYTES_MAX];
    int head_bytes = snprintf(head, sizeof(head), "fn0-javascript 1 %s %zu %zu %zu\n", kind,
                              strlen(name), source.bytes, map.bytes);
    size_t bytes = (size_t)head_bytes + strlen(name) + source.bytes + map.bytes;
    struct host_bytes framed = {.data = allocate(stages_memory_bytes(bytes))};
    append(&framed, head, (size_t)head_bytes);
    append(&framed, name, strlen(name));
    append(&framed, source.data, source.bytes);
    append(&framed, map.data, map.bytes);
    bool is_done = stages_run(engine, framed, ret_error);
    free(framed.data);
    return is_done;
}

static struct host_bytes read_map(const char *path)
{
    struct host_bytes map = {0};
    size_t size = strlen(path) + sizeof(".map");
    char *map_path = allocate(size);
    snprintf(map_path, size, "%s.map", path);
    FILE *file = fopen(map_path, "rb");
    if (file != NULL) {
        map = stage_input_read(file);
        fclose(file);
    }
    free(map_path);
    return map;
}

bool stage_input_run_file(struct engine *engine, const char *kind, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *error = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    struct host_bytes source = stage_input_read(file);
    struct host_bytes map = {0};
    fclose(file);
    if (strcmp(kind, "script") == 0)
        map = read_map(path);
    bool is_done =
        stage_input_run(engine, kind, slash == NULL ? path : slash + 1, source, map, &error);
    free(source.data);
    free(map.data);
    if (!is_done)
        fprintf(stderr, "%s\n", error);
    free(error);
    return is_done;
}
