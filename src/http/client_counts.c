/* SPDX-License-Identifier: AGPL-3.0-only */

#include "http/client_counts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tables/errors.h"

#define CHAINS_MIN 64
#define CHAINS_MAX 65536

static_assert((CHAINS_MIN & (CHAINS_MIN - 1)) == 0 && (CHAINS_MAX & (CHAINS_MAX - 1)) == 0,
              "chains are found by a mask");
static_assert(CHAINS_MIN <= CHAINS_MAX, "the least is no more than the most");

/* What holds of a client while it has connections. */
static void check_count(const struct client_counts *counts, const struct client_count *count)
{
    check(count->connections > 0 && count->connections <= counts->connections_max);
}

int client_counts_init(struct client_counts *counts, size_t connections_expected,
                       size_t connections_max, struct fault *fault)
{
    size_t chains = CHAINS_MIN;
    while (chains < connections_expected && chains < CHAINS_MAX)
        chains *= 2;
    *counts = (struct client_counts){
        .chain_count = chains, .connections_max = connections_max, .fault = fault};
    if (fault_hits(fault, FAULT_ALLOCATION) || pthread_mutex_init(&counts->mutex, NULL) != 0)
        return ERROR_OUT_OF_MEMORY;
    counts->chains = calloc(chains, sizeof(counts->chains[0]));
    if (counts->chains)
        return 0;
    pthread_mutex_destroy(&counts->mutex);
    return ERROR_OUT_OF_MEMORY;
}

void client_counts_fini(struct client_counts *counts)
{
    if (!counts->chains)
        return;
    for (size_t i = 0; i < counts->chain_count; i++)
        check(counts->chains[i] == NULL);
    pthread_mutex_destroy(&counts->mutex);
    free(counts->chains);
    counts->chains = NULL;
}

/* What stands for a client: the first 64 bits of IPv6, or 32 zero bits and IPv4, which nobody's
 * IPv6 address begins with (RFC 4291, 2.5). */
static uint64_t key_of(const struct address *address)
{
    unsigned char bytes[8] = {0};
    const struct in6_addr *v6 = &address->v6.sin6_addr;
    if (address->any.sa_family == AF_INET)
        memcpy(bytes + 4, &address->v4.sin_addr, 4);
    else if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6))
        memcpy(bytes + 4, &v6->s6_addr[12], 4);
    else if (address->any.sa_family == AF_INET6)
        memcpy(bytes, v6->s6_addr, sizeof(bytes));
    uint64_t key;
    memcpy(&key, bytes, sizeof(key));
    return key;
}

static struct client_count **chain_of(struct client_counts *counts, uint64_t key)
{
    /* Fibonacci hashing: the high bits of the product are well mixed. */
    uint64_t mixed = key * 0x9e3779b97f4a7c15u;
    check(counts->chains && counts->chain_count >= CHAINS_MIN);
    return &counts->chains[(mixed >> 32) & (counts->chain_count - 1)];
}

/* The client of a key, made where there is none yet. NULL without memory. Under the mutex. */
static struct client_count *find_or_make(struct client_counts *counts, uint64_t key)
{
    struct client_count **chain = chain_of(counts, key);
    struct client_count *count = *chain;
    while (count && count->key != key)
        count = count->next;
    if (count || fault_hits(counts->fault, FAULT_ALLOCATION))
        return count;
    count = malloc(sizeof(*count));
    if (!count)
        return NULL;
    *count = (struct client_count){.next = *chain, .key = key};
    *chain = count;
    return count;
}

int client_counts_enter(struct client_counts *counts, const struct address *address,
                        struct client_count **ret_count)
{
    if (counts->connections_max == 0)
        return ERROR_FULL;
    pthread_mutex_lock(&counts->mutex);
    int code = 0;
    struct client_count *count = find_or_make(counts, key_of(address));
    if (!count)
        code = ERROR_OUT_OF_MEMORY;
    else if (count->connections == counts->connections_max)
        code = ERROR_FULL;
    else
        count->connections++;
    if (count)
        check_count(counts, count);
    pthread_mutex_unlock(&counts->mutex);
    *ret_count = count;
    return code;
}

/* Takes a client without connections out of its chain. Under the mutex. */
static void forget(struct client_counts *counts, struct client_count *count)
{
    struct client_count **link = chain_of(counts, count->key);
    while (*link != count) {
        check(*link);
        link = &(*link)->next;
    }
    *link = count->next;
    free(count);
}

void client_counts_leave(struct client_counts *counts, struct client_count *count)
{
    pthread_mutex_lock(&counts->mutex);
    check_count(counts, count);
    if (--count->connections == 0)
        forget(counts, count);
    pthread_mutex_unlock(&counts->mutex);
}
