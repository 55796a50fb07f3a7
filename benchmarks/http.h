/*
 * HTTP connections on one epoll: each asks and is answered, over and over, or gets an answer that does not end.
 * Every name with `_ns` is in nanoseconds of CLOCK_MONOTONIC.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1 << 18, CARRY = 1 << 20, REQUEST = 1 << 17, NARROW = 1 << 15, MOST_CONNECTS = 1000000 };
enum stage { NONE, CONNECTING, HEAD, SIZE, DATA, GAP, LAST, DONE }; /* SIZE, GAP and LAST are of a chunked body */

struct peer {
    int kind; /* the user's own */
    enum stage stage;
    int fd, status;
    bool chunked, narrow; /* a narrow one has a small buffer in the system */
    int64_t left, sent_ns;
    size_t kept;
    char *carry; /* what was received and is not whole yet */
};

static int poll_fd, connects;
static uint16_t port;

/* What the user does: with a new connection, with one that broke, with a piece of a body (where does the rest begin that is not whole?), with its end. */
static void connected(struct peer *peer), lost(struct peer *peer), answered(struct peer *peer);
static char *received(struct peer *peer, char *from, char *end);

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

static void watch(struct peer *peer, int operation, uint32_t for_what) {
    struct epoll_event event = {.events = for_what, .data.ptr = peer};
    if (epoll_ctl(poll_fd, operation, peer->fd, &event) < 0) die("epoll_ctl");
}

static void open_peer(struct peer *peer) { /* told by `connected`, or `lost` */
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (++connects > MOST_CONNECTS) refuse("connections break again and again");
    if ((peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0) die("socket");
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (peer->narrow) setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &(int){NARROW}, sizeof(int));
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
    keep(peer, received(peer, in, text), text);
    if (peer->stage == DONE) answered(peer);
}

static void opened(struct peer *peer) {
    int error = 0;
    getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error) {
        lost(peer);
        return;
    }
    watch(peer, EPOLL_CTL_MOD, EPOLLIN);
    peer->stage = DONE;
    connected(peer);
}

static void turn(double most_ms) {
    struct epoll_event found[512];
    int count = epoll_wait(poll_fd, found, 512, (int)most_ms);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < count; i++) {
        struct peer *peer = found[i].data.ptr;
        if (peer->fd < 0) continue;
        if (peer->stage == CONNECTING) opened(peer);
        else readable(peer);
    }
}
