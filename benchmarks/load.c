/*
 * Load of live updates: streams of server-sent events and HTTP writers in one process, on one epoll.
 *
 * Each write carries its number and the time it was sent at in its body, so whoever hears of it knows how long it took. Every stream adds up what it
 * hears; at the end the sums are compared with those of the writes that were answered, so one event too many, too few or of another order is seen.
 *
 * The README beside it has the options and what is printed.
 */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "histogram.h"
#include "http.h"
#include "options.h"

enum { OPENING = 256, ASKERS = 32, READY_SECONDS = 120, QUIET_SECONDS = 2 };
enum { STREAM, ASKER, WRITER };
enum phase { BEFORE, AWAY, DURING, AFTER, PHASES };
static const char *const PHASE_NAMES[] = {"before", "away", "during", "after"};

struct stream {
    struct peer peer;
    char *token, *topic, client[64], position[128];
    uint64_t events, sum, order; /* what was heard: how many, the sum of their numbers, and a value that their order makes */
    bool ready, troubled, behind;
};

struct asker { /* subscribes streams, one after the other */
    struct peer peer;
    struct stream *whose;
};

struct writer {
    struct peer peer;
    uint64_t number;
};

static struct stream *streams, **queue;
static struct asker askers[ASKERS];
static struct writer *writers, **idle;
static int stream_count, opened_count, in_opening, ready, queue_head, queue_tail, idle_count;
static uint64_t requests, refused, broken, answered_count, answered_sum, issued;
static uint64_t events, resyncs, disconnects, refused_topics, missed, owed;
static int64_t last_event_ns, last_answer_ns, due_ns, began_ns, ends_ns, returned_ns, caught_ns;
static enum phase phase = BEFORE;
static struct histogram asked[PHASES], heard[PHASES];
static bool writing;

static uint64_t mixed(uint64_t number) { /* so that sums of other numbers are other sums */
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return (number ^ (number >> 27)) * 0x94d049bb133111ebULL + 1;
}

/* ---- streams */

static void open_stream(struct stream *stream) {
    stream->ready = false;
    in_opening++;
    open_peer(&stream->peer);
}

static void listen_on(struct stream *stream) {
    char head[256] = "Accept: text/event-stream\r\n";
    if (*stream->position) snprintf(head, sizeof head, "Accept: text/event-stream\r\nLast-Event-ID: %s\r\n", stream->position);
    ask(&stream->peer, "GET", "/api/realtime", NULL, head, NULL);
}

static void subscribe_next(struct asker *asker) {
    char body[4096];
    if (queue_head == queue_tail) return;
    asker->whose = queue[queue_head++ % (stream_count + 1)];
    snprintf(body, sizeof body, "{\"clientId\":\"%s\",\"subscriptions\":[\"%s\"]}", asker->whose->client, asker->whose->topic);
    ask(&asker->peer, "POST", "/api/realtime", asker->whose->token, "", body);
}

static void to_be_subscribed(struct stream *stream, const char *data, size_t size) {
    const char *id = memmem(data, size, "\"clientId\":\"", 12), *end = id ? memchr(id + 12, '"', size - (size_t)(id + 12 - data)) : NULL;
    if (!end || end - id - 12 >= (long)sizeof stream->client) refuse("a greeting without the client's id");
    snprintf(stream->client, sizeof stream->client, "%.*s", (int)(end - id - 12), id + 12);
    queue[queue_tail++ % (stream_count + 1)] = stream;
    for (int i = 0; i < ASKERS; i++)
        if (askers[i].peer.stage == DONE) {
            subscribe_next(&askers[i]);
            return;
        }
}

static void count_caught_up(struct stream *stream) {
    if (!stream->behind || phase != DURING || stream->events < missed) return;
    stream->behind = false;
    if (--owed == 0) {
        caught_ns = now_ns();
        phase = AFTER;
    }
}

static void hear(struct stream *stream, const char *data, size_t size) {
    const char *mark = memmem(data, size, "load:", 5);
    events++;
    stream->events++;
    last_event_ns = now_ns();
    if (mark) {
        char *colon;
        uint64_t number = strtoull(mark + 5, &colon, 10);
        stream->sum += mixed(number);
        stream->order = stream->order * 0x100000001b3ULL + mixed(number);
        if (!stream->troubled) record(&heard[phase], last_event_ns - strtoll(colon + 1, NULL, 10));
    }
    count_caught_up(stream);
}

static void one_event(struct stream *stream, const char *at, const char *end) {
    const char *id = NULL, *name = NULL, *data = NULL, *next;
    size_t id_size = 0, data_size = 0;
    for (; at < end; at = next + 1) {
        next = memchr(at, '\n', (size_t)(end - at));
        if (!next) next = end;
        if (!strncmp(at, "id:", 3)) id = at + 3, id_size = (size_t)(next - id);
        else if (!strncmp(at, "event:", 6)) name = at + 6;
        else if (!strncmp(at, "data:", 5)) data = at + 5, data_size = (size_t)(next - data);
    }
    if (name && !strncmp(name, "PB_CONNECT", 10)) {
        to_be_subscribed(stream, data, data_size);
        return;
    }
    if (id && id_size < sizeof stream->position) memcpy(stream->position, id, id_size), stream->position[id_size] = 0;
    if (name && !strncmp(name, "PB_RESYNC", 9)) resyncs++;
    else if (name && data) hear(stream, data, data_size);
}

/* ---- writers */

static size_t written(char *to, size_t room, const char *template, uint64_t number, int64_t at_ns) {
    size_t size = 0;
    for (const char *at = template; *at && size + 512 < room;) {
        if (!strncmp(at, "{mark}", 6)) size += (size_t)sprintf(to + size, "load:%" PRIu64 ":%" PRId64, number, at_ns), at += 6;
        else if (!strncmp(at, "{n}", 3)) size += (size_t)sprintf(to + size, "%" PRIu64, number), at += 3;
        else if (options.choices && !strncmp(at, "{choice}", 8))
            size += (size_t)snprintf(to + size, 500, "%s", options.choice[mixed(number) % (uint64_t)options.choices]), at += 8;
        else to[size++] = *at++;
    }
    to[size] = 0;
    return size;
}

static void write_one(struct writer *writer) {
    static char body[REQUEST / 2], path[4096];
    int64_t at = now_ns();
    writer->number = ++issued;
    written(body, sizeof body, options.body, writer->number, at);
    written(path, sizeof path, options.path, writer->number, at);
    ask(&writer->peer, options.method, path, NULL, options.head, *body ? body : NULL);
}

static void write_what_is_due(void) {
    int64_t now = now_ns(), pause = options.rate > 0 ? (int64_t)(1e9 / options.rate) : 0;
    if (due_ns < now - 100000000) due_ns = now - 100000000;
    while (writing && idle_count && (!pause || due_ns <= now)) {
        due_ns += pause;
        write_one(idle[--idle_count]);
    }
}

static void count_answer(const struct writer *writer) {
    requests++;
    last_answer_ns = now_ns();
    record(&asked[phase], last_answer_ns - writer->peer.sent_ns);
    if (writer->peer.status / 100 == 2) {
        answered_count++;
        answered_sum += mixed(writer->number);
    } else
        refused++;
}

static void not_idle(const struct writer *writer) {
    for (int i = 0; i < idle_count; i++)
        if (idle[i] == writer) idle[i] = idle[--idle_count];
}

/* ---- what connections bring */

static void connected(struct peer *peer) {
    if (peer->kind == STREAM) listen_on((struct stream *)peer);
    else if (peer->kind == ASKER) subscribe_next((struct asker *)peer);
    else idle[idle_count++] = (struct writer *)peer;
}

static char *received(struct peer *peer, char *from, char *end) {
    if (peer->kind != STREAM) return end;
    for (char *blank; (blank = memmem(from, (size_t)(end - from), "\n\n", 2)); from = blank + 2) one_event((struct stream *)peer, from, blank + 1);
    return from;
}

static void answered(struct peer *peer) {
    if (peer->kind == STREAM) {
        lost(peer);
    } else if (peer->kind == WRITER) {
        count_answer((struct writer *)peer);
        idle[idle_count++] = (struct writer *)peer;
    } else {
        if (peer->status != 204) refused_topics++;
        ((struct asker *)peer)->whose->ready = true;
        ready++;
        in_opening--;
        subscribe_next((struct asker *)peer);
    }
}

static void lost(struct peer *peer) {
    bool under_way = peer->stage > CONNECTING && peer->stage < DONE;
    if (peer->kind == WRITER && peer->stage == DONE) not_idle((struct writer *)peer);
    close_peer(peer);
    if (peer->kind == STREAM) {
        disconnects++;
        if (!((struct stream *)peer)->ready) in_opening--;
        return;
    }
    if (under_way && peer->kind == WRITER) broken++;
    if (under_way && peer->kind == ASKER) queue[queue_tail++ % (stream_count + 1)] = ((struct asker *)peer)->whose;
    open_peer(peer);
}

/* ---- the course of it */

static void open_all(void) {
    int64_t end = now_ns() + READY_SECONDS * 1000000000LL;
    for (int i = 0; i < ASKERS && stream_count; i++) open_peer(&askers[i].peer);
    for (int i = 0; i < options.writers; i++) open_peer(&writers[i].peer);
    while (ready + (int)disconnects < stream_count || idle_count < options.writers) {
        while (opened_count < stream_count && in_opening < OPENING) open_stream(&streams[opened_count++]);
        turn(100);
        if (now_ns() > end) refuse("not all connections could be opened in time");
    }
}

static void go_away(int count) {
    phase = AWAY;
    for (int i = 0; i < count; i++) {
        if (options.stall) epoll_ctl(poll_fd, EPOLL_CTL_DEL, streams[i].peer.fd, NULL);
        else close_peer(&streams[i].peer);
        streams[i].behind = true;
    }
    owed = (uint64_t)count;
}

static void come_back(int count) {
    phase = DURING;
    returned_ns = now_ns();
    missed = answered_count;
    for (int i = 0; i < count; i++) {
        if (!options.stall) open_stream(&streams[i]);
        else if (streams[i].peer.fd >= 0) watch(&streams[i].peer, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void trouble(int count) {
    double since = (double)(now_ns() - began_ns) / 1e9;
    if (count && phase == BEFORE && since >= options.after) go_away(count);
    if (count && phase == AWAY && since >= options.after + options.away) come_back(count);
}

static bool all_told(void) {
    for (int i = 0; i < stream_count; i++)
        if (streams[i].peer.fd >= 0 && streams[i].events < answered_count) return false;
    return true;
}

static void run(void) {
    int count = options.drop + options.stall;
    began_ns = due_ns = last_event_ns = last_answer_ns = now_ns();
    ends_ns = began_ns + (int64_t)(options.seconds * 1e9);
    writing = true;
    while (now_ns() < ends_ns) {
        trouble(count);
        write_what_is_due();
        turn(1);
    }
    writing = false;
    ends_ns = now_ns();
    for (int64_t quiet = ends_ns; now_ns() < ends_ns + (int64_t)(options.drain * 1e9);) {
        if (last_event_ns > quiet || idle_count < options.writers) quiet = now_ns();
        if (idle_count == options.writers && (all_told() || now_ns() - quiet > QUIET_SECONDS * 1000000000LL)) break;
        turn(1);
    }
}

/* ---- what is told */

static int complete(int from, int to, bool ordered) {
    int count = 0;
    for (int i = from; i < to; i++)
        count += streams[i].events == answered_count && streams[i].sum == answered_sum && (!ordered || streams[i].order == streams[to - 1].order);
    return count;
}

static void print_together(const char *name, const struct histogram *phases) {
    struct histogram all = {0};
    for (int i = 0; i < PHASES; i++) add(&all, &phases[i]);
    print_histogram(name, &all);
}

static void print_phases(void) {
    printf(",\"phases\":{");
    for (int i = 0; i < PHASES; i++) {
        printf("%s\"%s\":{", i ? "," : "", PHASE_NAMES[i]);
        print_histogram("request_ms", &asked[i]);
        printf(",");
        print_histogram("event_ms", &heard[i]);
        printf("}");
    }
    printf("}");
}

static void report(void) {
    double took = (double)(last_answer_ns - began_ns) / 1e9, listened = (double)(last_event_ns - began_ns) / 1e9;
    int count = options.drop + options.stall;
    printf("{\"seconds\":%.3f,\"requests\":%" PRIu64 ",\"requests_per_s\":%.1f,\"refused\":%" PRIu64 ",\"broken\":%" PRIu64 ",", took, requests,
           took > 0 ? (double)requests / took : 0, refused, broken);
    print_together("request_ms", asked);
    printf(",\"streams\":%d,\"events\":%" PRIu64 ",\"events_per_s\":%.1f,", stream_count, events, listened > 0 ? (double)events / listened : 0);
    print_together("event_ms", heard);
    printf(",\"complete\":%d,\"in_order\":%d,\"disconnects\":%" PRIu64 ",\"resyncs\":%" PRIu64, complete(0, stream_count, false),
           complete(0, stream_count, true), disconnects, resyncs);
    if (count) {
        printf(",\"troubled\":{\"streams\":%d,\"complete\":%d,\"caught_up\":%" PRIu64 ",\"caught_up_ms\":%.1f}", count,
               complete(0, count, false), (uint64_t)count - owed, caught_ns ? (double)(caught_ns - returned_ns) / 1e6 : -1);
        print_phases();
    }
    printf("}\n");
}

static void read_streams(void) {
    char **lines = options.streams ? lines_of(options.streams, &stream_count) : NULL;
    streams = calloc((size_t)stream_count + 1, sizeof *streams);
    for (int i = 0; i < stream_count; i++) {
        streams[i] = (struct stream){.peer = {.kind = STREAM, .fd = -1}, .token = lines[i], .topic = strchr(lines[i], '\t')};
        if (!streams[i].topic) refuse("a line of --streams is TOKEN, a tab, TOPIC");
        *streams[i].topic++ = 0;
        streams[i].troubled = i < options.drop + options.stall;
        streams[i].peer.narrow = i < options.stall;
    }
    if (options.drop + options.stall > stream_count) refuse("--drop or --stall of more streams than there are");
}

static void prepare(void) {
    read_streams();
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)(stream_count + options.writers + ASKERS + 16)) refuse("the system allows too few open files");
    if ((poll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll");
    writers = calloc((size_t)options.writers + 1, sizeof *writers);
    idle = calloc((size_t)options.writers + 1, sizeof *idle);
    queue = calloc((size_t)stream_count + 1, sizeof *queue);
    for (int i = 0; i < options.writers; i++) writers[i] = (struct writer){.peer = {.kind = WRITER, .fd = -1}};
    for (int i = 0; i < ASKERS; i++) askers[i] = (struct asker){.peer = {.kind = ASKER, .fd = -1}};
}

int main(int count, char **words) {
    read_options(count, words);
    prepare();
    int64_t start = now_ns();
    open_all();
    printf("{\"ready\":%d,\"refused\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"seconds\":%.3f}\n", ready, refused_topics, disconnects,
           (double)(now_ns() - start) / 1e9);
    fflush(stdout);
    if (options.wait) while (getchar() != '\n' && !feof(stdin));
    run();
    report();
    return 0;
}
