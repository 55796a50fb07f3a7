/*
 * Load of live updates: streams of server-sent events and HTTP writers in one process, on one epoll.
 *
 * Each write carries its number and the time it was sent at in its body, so whoever hears of it knows how long it took. Every stream adds up what it
 * hears; at the end the sums are compared with those of the writes that were answered, so one event too many, too few or of another order is seen.
 *
 * The README beside it has the options and what is printed. Every name with `_ns` is in nanoseconds of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1 << 18, CARRY = 1 << 20, REQUEST = 1 << 17, OPENING = 256, ASKERS = 32, READY_SECONDS = 120, QUIET_SECONDS = 2, SMALL = 1 << 15 };
enum kind { STREAM, ASKER, WRITER };
enum stage { NONE, CONNECTING, HEAD, SIZE, DATA, GAP, LAST, DONE };
enum phase { BEFORE, AWAY, DURING, AFTER, PHASES };
static const char *const PHASE_NAMES[] = {"before", "away", "during", "after"};

struct peer { /* a connection: a stream, or one that asks and is answered, over and over */
    enum kind kind;
    enum stage stage;
    int fd, status;
    bool chunked;
    int64_t left, sent_ns;
    uint64_t number;
    char *carry;
    size_t kept;
    struct peer *whose;                                      /* the stream that an asker subscribes */
    char *token, *topic, client[64], position[128];          /* the rest belongs to streams */
    uint64_t events, sum, order;
    bool ready, troubled, behind;
};

struct histogram { /* of microseconds, to 3 % */
    uint64_t count, max, slots[64 * 64];
};

static struct {
    int port, writers, drop, stall, choices;
    double seconds, rate, after, away, drain;
    bool wait;
    const char *method, *path, *body;
    char head[8192], **choice;
} options = {.writers = 0, .seconds = 5, .after = 2, .away = 2, .drain = 60, .method = "POST"};

static struct peer *streams, askers[ASKERS], *writers, **queue, **idle;
static int stream_count, opened, in_opening, ready, queue_head, queue_tail, idle_count, poll_fd, connects;
static uint64_t requests, refused, broken, answered_count, answered_sum, events, resyncs, disconnects, refused_topics, issued, missed, owed;
static int64_t last_event_ns, last_answer_ns, due_ns, began_ns, ends_ns, returned_ns, caught_ns;
static enum phase phase = BEFORE;
static struct histogram asked[PHASES], heard[PHASES];
static bool writing;

static void refuse(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(2);
}

static void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static uint64_t mixed(uint64_t number) { /* so that sums of other numbers are other sums */
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9ULL;
    return (number ^ (number >> 27)) * 0x94d049bb133111ebULL + 1;
}

/* ---- histograms */

static void record(struct histogram *of, int64_t ns) {
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    int power = us < 64 ? 0 : 58 - __builtin_clzll(us);
    of->slots[power * 64 + (us >> power)]++;
    of->count++;
    if (us > of->max) of->max = us;
}

static double percentile(const struct histogram *of, double share) { /* in ms */
    uint64_t wanted = (uint64_t)(share * (double)of->count), seen = 0;
    for (unsigned slot = 0; slot < 64 * 64; slot++)
        if ((seen += of->slots[slot]) > wanted) return (double)((uint64_t)(slot % 64) << (slot / 64)) / 1000;
    return (double)of->max / 1000;
}

static void print_histogram(const char *name, const struct histogram *of) {
    printf("\"%s\":{\"count\":%" PRIu64 ",\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name, of->count, percentile(of, .5), percentile(of, .99),
           (double)of->max / 1000);
}

static struct histogram *together(const struct histogram *parts) {
    static struct histogram all;
    memset(&all, 0, sizeof all);
    for (const struct histogram *part = parts; part < parts + PHASES; part++) {
        all.count += part->count;
        if (part->max > all.max) all.max = part->max;
        for (int slot = 0; slot < 64 * 64; slot++) all.slots[slot] += part->slots[slot];
    }
    return &all;
}

/* ---- connections */

static void watch(struct peer *peer, int operation, uint32_t for_what) {
    struct epoll_event event = {.events = for_what, .data.ptr = peer};
    if (epoll_ctl(poll_fd, operation, peer->fd, &event) < 0) die("epoll_ctl");
}

static void open_peer(struct peer *peer) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (++connects > 1000000) refuse("connections break again and again");
    if ((peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0) die("socket");
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (peer->troubled && options.stall) setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &(int){SMALL}, sizeof(int));
    if (connect(peer->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
    peer->stage = CONNECTING;
    peer->kept = 0;
    watch(peer, EPOLL_CTL_ADD, EPOLLOUT);
}

static void close_peer(struct peer *peer) {
    if (peer->fd >= 0) close(peer->fd);
    peer->fd = -1;
    peer->stage = NONE;
    peer->kept = 0;
}

static void ask(struct peer *peer, const char *method, const char *path, const char *token, const char *head, const char *body) {
    static char text[REQUEST];
    int size = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s%s", method, path, token && *token ? "Authorization: " : "",
                        token ? token : "", token && *token ? "\r\n" : "", head);
    if (body) size += snprintf(text + size, sizeof text - (size_t)size, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    size += snprintf(text + size, sizeof text - (size_t)size, "\r\n%s", body ? body : "");
    if ((size_t)size >= sizeof text) refuse("the request is too long");
    peer->stage = HEAD;
    peer->sent_ns = now_ns();
    if (send(peer->fd, text, (size_t)size, MSG_NOSIGNAL) != size && errno != EPIPE && errno != ECONNRESET) die("send");
}

/* ---- streams */

static void open_stream(struct peer *stream) {
    stream->ready = false;
    in_opening++;
    open_peer(stream);
}

static void listen_on(struct peer *stream) {
    char head[256] = "Accept: text/event-stream\r\n";
    if (*stream->position) snprintf(head, sizeof head, "Accept: text/event-stream\r\nLast-Event-ID: %s\r\n", stream->position);
    ask(stream, "GET", "/api/realtime", NULL, head, NULL);
}

static void subscribe_next(struct peer *asker) {
    char body[4096];
    if (queue_head == queue_tail) return;
    asker->whose = queue[queue_head++ % (stream_count + 1)];
    snprintf(body, sizeof body, "{\"clientId\":\"%s\",\"subscriptions\":[\"%s\"]}", asker->whose->client, asker->whose->topic);
    ask(asker, "POST", "/api/realtime", asker->whose->token, "", body);
}

static void to_be_subscribed(struct peer *stream, const char *data, size_t size) {
    const char *id = memmem(data, size, "\"clientId\":\"", 12), *end = id ? memchr(id + 12, '"', size - (size_t)(id + 12 - data)) : NULL;
    if (!end || end - id - 12 >= (long)sizeof stream->client) refuse("a greeting without the client's id");
    snprintf(stream->client, sizeof stream->client, "%.*s", (int)(end - id - 12), id + 12);
    queue[queue_tail++ % (stream_count + 1)] = stream;
    for (int i = 0; i < ASKERS; i++)
        if (askers[i].stage == DONE) {
            subscribe_next(&askers[i]);
            return;
        }
}

static void count_caught_up(struct peer *stream) {
    if (!stream->behind || phase != DURING || stream->events < missed) return;
    stream->behind = false;
    if (--owed == 0) {
        caught_ns = now_ns();
        phase = AFTER;
    }
}

static void hear(struct peer *stream, const char *data, size_t size) {
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

static void one_event(struct peer *stream, const char *at, const char *end) {
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

static char *all_events(struct peer *stream, char *at, char *end) { /* where the one begins that is not whole yet */
    for (char *blank; (blank = memmem(at, (size_t)(end - at), "\n\n", 2)); at = blank + 2) one_event(stream, at, blank + 1);
    return at;
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

static void write_one(struct peer *writer) {
    static char body[REQUEST / 2], path[4096];
    int64_t at = now_ns();
    writer->number = ++issued;
    written(body, sizeof body, options.body, writer->number, at);
    written(path, sizeof path, options.path, writer->number, at);
    ask(writer, options.method, path, NULL, options.head, *body ? body : NULL);
}

static void write_what_is_due(void) {
    int64_t now = now_ns(), pause = options.rate > 0 ? (int64_t)(1e9 / options.rate) : 0;
    if (due_ns < now - 100000000) due_ns = now - 100000000;
    while (writing && idle_count && (!pause || due_ns <= now)) {
        due_ns += pause;
        write_one(idle[--idle_count]);
    }
}

static void count_answer(struct peer *writer) {
    requests++;
    last_answer_ns = now_ns();
    record(&asked[phase], last_answer_ns - writer->sent_ns);
    if (writer->status >= 200 && writer->status < 300) {
        answered_count++;
        answered_sum += mixed(writer->number);
    } else
        refused++;
}

/* ---- what a connection brings */

static void answered(struct peer *peer) {
    if (peer->kind == WRITER) {
        count_answer(peer);
        idle[idle_count++] = peer;
    } else {
        if (peer->status != 204) refused_topics++;
        peer->whose->ready = true;
        ready++;
        in_opening--;
        subscribe_next(peer);
    }
}

static void not_idle(const struct peer *writer) {
    for (int i = 0; i < idle_count; i++)
        if (idle[i] == writer) idle[i] = idle[--idle_count];
}

static void lost(struct peer *peer) {
    bool under_way = peer->stage > CONNECTING && peer->stage < DONE;
    if (peer->kind == WRITER && peer->stage == DONE) not_idle(peer);
    close_peer(peer);
    if (peer->kind == STREAM) {
        disconnects++;
        if (!peer->ready) in_opening--;
        return;
    }
    if (under_way && peer->kind == WRITER) broken++;
    if (under_way && peer->kind == ASKER) queue[queue_tail++ % (stream_count + 1)] = peer->whose;
    open_peer(peer);
}

static void connected(struct peer *peer) {
    int error = 0;
    getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error) {
        lost(peer);
        return;
    }
    watch(peer, EPOLL_CTL_MOD, EPOLLIN);
    peer->stage = DONE;
    if (peer->kind == STREAM) listen_on(peer);
    else if (peer->kind == ASKER) subscribe_next(peer);
    else idle[idle_count++] = peer;
}

static void read_head(struct peer *peer, const char *head, const char *end) {
    const char *length = NULL;
    peer->status = atoi(head + 9);
    peer->chunked = false;
    for (const char *line = head; line && line < end; line = memchr(line, '\n', (size_t)(end - line)), line = line ? line + 1 : NULL) {
        if (!strncasecmp(line, "content-length:", 15)) length = line + 15;
        if (!strncasecmp(line, "transfer-encoding: chunked", 26)) peer->chunked = true;
    }
    peer->left = length ? atoll(length) : 0;
    peer->stage = peer->chunked ? SIZE : peer->left ? DATA : DONE;
    if (peer->chunked) peer->left = 0;
}

static char *decoded(struct peer *peer, const char *in, const char *end, char *out) { /* of the body; its end behind `out` */
    while (in < end && peer->stage != DONE) {
        if (peer->stage == DATA) {
            size_t piece = (size_t)(end - in) < (size_t)peer->left ? (size_t)(end - in) : (size_t)peer->left;
            memmove(out, in, piece);
            out += piece, in += piece, peer->left -= (int64_t)piece;
            if (!peer->left) peer->stage = peer->chunked ? GAP : DONE;
            continue;
        }
        char one = *in++;
        if (peer->stage == SIZE && one != '\n' && one != '\r') peer->left = peer->left * 16 + (one <= '9' ? one - '0' : (one | 32) - 'a' + 10);
        if (one != '\n') continue;
        peer->stage = peer->stage == GAP ? SIZE : peer->stage == LAST ? DONE : peer->left ? DATA : LAST;
    }
    return out;
}

static void keep(struct peer *peer, const char *from, const char *end) {
    peer->kept = (size_t)(end - from);
    if (peer->kept > CARRY) refuse("an event or a head that is too long");
    free(peer->carry);
    peer->carry = peer->kept ? malloc(peer->kept) : NULL;
    if (peer->kept) memcpy(peer->carry, from, peer->kept);
}

static void readable(struct peer *peer) {
    static char in[CARRY + READ + 1];
    if (peer->kept) memcpy(in, peer->carry, peer->kept);
    ssize_t size = recv(peer->fd, in + peer->kept, READ, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        lost(peer);
        return;
    }
    char *end = in + peer->kept + size, *body = in + peer->kept, *text = in + peer->kept;
    *end = 0;
    if (peer->stage == HEAD) {
        char *blank = memmem(in, (size_t)(end - in), "\r\n\r\n", 4);
        if (!blank) {
            keep(peer, in, end);
            return;
        }
        read_head(peer, in, blank + 2);
        body = blank + 4, text = in;
    }
    text = decoded(peer, body, end, text);
    *text = 0;
    keep(peer, peer->kind == STREAM ? all_events(peer, in, text) : text, text);
    if (peer->stage != DONE) return;
    if (peer->kind == STREAM) lost(peer);
    else answered(peer);
}

static void turn(double most_ms) {
    struct epoll_event found[512];
    int count = epoll_wait(poll_fd, found, 512, (int)most_ms);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
        struct peer *peer = found[i].data.ptr;
        if (peer->fd < 0) continue;
        if (peer->stage == CONNECTING) connected(peer);
        else readable(peer);
    }
}

/* ---- the course of it */

static void open_all(void) {
    int64_t end = now_ns() + READY_SECONDS * 1000000000LL;
    for (int i = 0; i < ASKERS && stream_count; i++) open_peer(&askers[i]);
    for (int i = 0; i < options.writers; i++) open_peer(&writers[i]);
    while (ready + (int)disconnects < stream_count || idle_count < options.writers) {
        while (opened < stream_count && in_opening < OPENING) open_stream(&streams[opened++]);
        turn(100);
        if (now_ns() > end) refuse("not all connections could be opened in time");
    }
}

static void go_away(int count) {
    phase = AWAY;
    for (int i = 0; i < count; i++) {
        if (options.stall) epoll_ctl(poll_fd, EPOLL_CTL_DEL, streams[i].fd, NULL);
        else close_peer(&streams[i]);
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
        else if (streams[i].fd >= 0) watch(&streams[i], EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void trouble(int count) {
    double since = (double)(now_ns() - began_ns) / 1e9;
    if (count && phase == BEFORE && since >= options.after) go_away(count);
    if (count && phase == AWAY && since >= options.after + options.away) come_back(count);
}

static bool all_told(void) {
    for (int i = 0; i < stream_count; i++)
        if (streams[i].fd >= 0 && streams[i].events < answered_count) return false;
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

static void report(void) {
    double took = (double)(last_answer_ns - began_ns) / 1e9, listened = (double)(last_event_ns - began_ns) / 1e9;
    int count = options.drop + options.stall;
    printf("{\"seconds\":%.3f,\"requests\":%" PRIu64 ",\"requests_per_s\":%.1f,\"refused\":%" PRIu64 ",\"broken\":%" PRIu64 ",", took, requests,
           took > 0 ? (double)requests / took : 0, refused, broken);
    print_histogram("request_ms", together(asked));
    printf(",\"streams\":%d,\"events\":%" PRIu64 ",\"events_per_s\":%.1f,", stream_count, events, listened > 0 ? (double)events / listened : 0);
    print_histogram("event_ms", together(heard));
    printf(",\"complete\":%d,\"in_order\":%d,\"disconnects\":%" PRIu64 ",\"resyncs\":%" PRIu64, complete(0, stream_count, false),
           complete(0, stream_count, true), disconnects, resyncs);
    if (count) {
        printf(",\"troubled\":{\"streams\":%d,\"complete\":%d,\"caught_up\":%" PRIu64 ",\"caught_up_ms\":%.1f},\"phases\":{", count,
               complete(0, count, false), (uint64_t)count - owed, caught_ns ? (double)(caught_ns - returned_ns) / 1e6 : -1);
        for (int i = 0; i < PHASES; i++) {
            printf("%s\"%s\":{", i ? "," : "", PHASE_NAMES[i]);
            print_histogram("request_ms", &asked[i]);
            printf(",");
            print_histogram("event_ms", &heard[i]);
            printf("}");
        }
        printf("}");
    }
    printf("}\n");
}

/* ---- the command line */

static char **lines_of(const char *path, int *count) {
    FILE *file = fopen(path, "r");
    char **lines = NULL, *line = NULL;
    size_t room = 0;
    if (!file) die(path);
    for (ssize_t size; (size = getline(&line, &room, file)) > 0;) {
        line[strcspn(line, "\n")] = 0;
        lines = realloc(lines, sizeof *lines * (size_t)(*count + 1));
        lines[(*count)++] = strdup(line);
    }
    free(line);
    fclose(file);
    return lines;
}

static void read_streams(const char *path) {
    char **lines = lines_of(path, &stream_count);
    streams = calloc((size_t)stream_count + 1, sizeof *streams);
    for (int i = 0; i < stream_count; i++) {
        streams[i] = (struct peer){.kind = STREAM, .fd = -1, .token = lines[i], .topic = strchr(lines[i], '\t')};
        if (!streams[i].topic) refuse("a line of --streams is TOKEN, a tab, TOPIC");
        *streams[i].topic++ = 0;
    }
}

static void read_options(int count, char **words) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},    {"streams", 1, 0, 's'}, {"writers", 1, 0, 'w'}, {"method", 1, 0, 'm'}, {"path", 1, 0, 'u'},  {"body", 1, 0, 'b'},
        {"header", 1, 0, 'h'},  {"rate", 1, 0, 'r'},    {"seconds", 1, 0, 't'}, {"choices", 1, 0, 'c'}, {"drop", 1, 0, 'd'}, {"stall", 1, 0, 'l'},
        {"after", 1, 0, 'a'},   {"away", 1, 0, 'y'},    {"drain", 1, 0, 'n'},   {"wait", 0, 0, 'x'},   {0, 0, 0, 0}};
    for (int which; (which = getopt_long(count, words, "", known, NULL)) != -1;) switch (which) {
        case 'p': options.port = atoi(optarg); break;
        case 's': read_streams(optarg); break;
        case 'w': options.writers = atoi(optarg); break;
        case 'm': options.method = optarg; break;
        case 'u': options.path = optarg; break;
        case 'b': options.body = optarg; break;
        case 'h': snprintf(options.head + strlen(options.head), sizeof options.head - strlen(options.head), "%s\r\n", optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 't': options.seconds = atof(optarg); break;
        case 'c': options.choice = lines_of(optarg, &options.choices); break;
        case 'd': options.drop = atoi(optarg); break;
        case 'l': options.stall = atoi(optarg); break;
        case 'a': options.after = atof(optarg); break;
        case 'y': options.away = atof(optarg); break;
        case 'n': options.drain = atof(optarg); break;
        case 'x': options.wait = true; break;
        default: exit(2);
        }
    if (!options.port || (options.writers && !options.path)) refuse("--port is needed, and --path where there are writers");
    if (options.drop + options.stall > stream_count || (options.drop && options.stall)) refuse("--drop or --stall, of as many streams as there are");
    if (!options.body) options.body = "";
}

static void prepare(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < (rlim_t)(stream_count + options.writers + ASKERS + 16)) refuse("the system allows too few open files");
    if ((poll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll");
    writers = calloc((size_t)options.writers + 1, sizeof *writers);
    idle = calloc((size_t)options.writers + 1, sizeof *idle);
    queue = calloc((size_t)stream_count + 1, sizeof *queue);
    for (int i = 0; i < options.writers; i++) writers[i] = (struct peer){.kind = WRITER, .fd = -1};
    for (int i = 0; i < ASKERS; i++) askers[i] = (struct peer){.kind = ASKER, .fd = -1};
    for (int i = 0; i < options.drop + options.stall; i++) streams[i].troubled = true;
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
