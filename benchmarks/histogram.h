/*
 * Counts of microseconds by their size, to 3 %: a slot for each number of 64 below a power of two.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

enum { SLOTS = 64 * 64 };

struct histogram {
    uint64_t count, max, slots[SLOTS];
};

static void record(struct histogram *of, int64_t ns) {
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    int power = us < 64 ? 0 : 58 - __builtin_clzll(us);
    of->slots[power * 64 + (us >> power)]++;
    of->count++;
    if (us > of->max) of->max = us;
}

static double percentile(const struct histogram *of, double share) { /* in ms */
    uint64_t wanted = (uint64_t)(share * (double)of->count), seen = 0;
    for (unsigned slot = 0; slot < SLOTS; slot++)
        if ((seen += of->slots[slot]) > wanted) return (double)((uint64_t)(slot % 64) << (slot / 64)) / 1000;
    return (double)of->max / 1000;
}

static void print_histogram(const char *name, const struct histogram *of) {
    printf("\"%s\":{\"count\":%" PRIu64 ",\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, of->count, percentile(of, .5), percentile(of, .99),
           (double)of->max / 1000);
}

static void add(struct histogram *to, const struct histogram *of) {
    to->count += of->count;
    if (of->max > to->max) to->max = of->max;
    for (int slot = 0; slot < SLOTS; slot++) to->slots[slot] += of->slots[slot];
}
