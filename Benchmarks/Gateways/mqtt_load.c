// A load generator for MQTT 3.1.1 brokers: one publisher, one subscriber, raw sockets, batched writes.
//
//   cc -O2 -pthread mqtt_load.c -o mqtt_load
//   mqtt_load HOST PORT QOS SECONDS SIZE WINDOW PID
//
// WINDOW is how many messages the publisher may be ahead of the subscriber, so that no broker has to drop any, and with
// QoS 1 also of the acknowledgements. PID is the broker, whose CPU time is read before and after; 0 for none. Prints one
// line of JSON with the names of `rembus bench --json`.
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 18, WRITE_BYTES = 1 << 16 };

static const char *host, *port;
static int qos, size, window, wake;
static atomic_ulong received, last_arrival;
static atomic_bool subscribed, waiting;
static char topic[32];

static void fail(const char *what) {
    fprintf(stderr, "mqtt_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// CPU time of all threads of a process, nanoseconds.
static uint64_t cpu_of(int pid) {
    char path[300];
    uint64_t total = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = pid ? opendir(path) : NULL;
    if (!tasks) return 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        unsigned long nanoseconds;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file) continue;
        if (fscanf(file, "%lu", &nanoseconds) == 1) total += nanoseconds;
        fclose(file);
    }
    closedir(tasks);
    return total;
}

static void send_all(int fd, const uint8_t *bytes, size_t count) {
    while (count) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) fail("send");
        bytes += sent;
        count -= (size_t)sent;
    }
}

static size_t put_text(uint8_t *at, const char *text) {
    size_t count = strlen(text);
    at[0] = (uint8_t)(count >> 8);
    at[1] = (uint8_t)count;
    memcpy(at + 2, text, count);
    return count + 2;
}

static size_t put_length(uint8_t *at, size_t length) {
    size_t count = 0;
    do {
        at[count] = (uint8_t)(length & 0x7F) | (length > 0x7F ? 0x80 : 0);
        length >>= 7;
        count++;
    } while (length);
    return count;
}

// Connects and logs in; the answer is read as any other packet.
static int open_connection(const char *role) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, port, &hints, &found)) fail("getaddrinfo");
    int fd = socket(found->ai_family, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen)) fail("connect");
    freeaddrinfo(found);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char id[64];
    uint8_t packet[128] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0};
    snprintf(id, sizeof id, "%s%d", role, (int)getpid());
    size_t count = 12 + put_text(packet + 12, id);
    packet[1] = (uint8_t)(count - 2);
    send_all(fd, packet, count);
    return fd;
}

typedef struct {
    uint8_t bytes[READ_BYTES];
    size_t count;
} reader;

// Reads once and gives each whole packet to `take`; what is left stays in front.
static void read_packets(int fd, reader *in, void (*take)(uint8_t head, const uint8_t *body, size_t length, void *), void *context) {
    ssize_t count = recv(fd, in->bytes + in->count, sizeof in->bytes - in->count, 0);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) fail("the broker hung up");
    in->count += (size_t)count;
    size_t at = 0;
    while (in->count - at >= 2) {
        size_t length = 0, head = 1;
        int shift = 0;
        while (at + head < in->count && in->bytes[at + head] & 0x80) {
            length |= (size_t)(in->bytes[at + head++] & 0x7F) << shift;
            shift += 7;
        }
        if (at + head >= in->count) break;
        length |= (size_t)in->bytes[at + head++] << shift;
        if (in->count - at < head + length) break;
        take(in->bytes[at], in->bytes + at + head, length, context);
        at += head + length;
    }
    memmove(in->bytes, in->bytes + at, in->count - at);
    in->count -= at;
}

typedef struct {
    uint8_t acks[READ_BYTES];
    size_t ack_bytes;
    unsigned long count;
} subscriber;

static void take_as_subscriber(uint8_t head, const uint8_t *body, size_t length, void *context) {
    subscriber *self = context;
    if (head >> 4 == 9) atomic_store(&subscribed, true);
    if (head >> 4 != 3) return;
    self->count++;
    if (!(head & 6)) return;
    size_t id = 2 + ((size_t)body[0] << 8 | body[1]);
    if (id + 2 > length) exit(2);
    uint8_t ack[] = {0x40, 2, body[id], body[id + 1]};
    memcpy(self->acks + self->ack_bytes, ack, sizeof ack);
    self->ack_bytes += sizeof ack;
}

static void *subscribe(void *unused) {
    (void)unused;
    static reader in;
    static subscriber self;
    int fd = open_connection("sub");
    uint8_t packet[64] = {0x82, 0, 0, 1};
    size_t count = 4 + put_text(packet + 4, topic);
    packet[count++] = (uint8_t)qos;
    packet[1] = (uint8_t)(count - 2);
    send_all(fd, packet, count);
    for (;;) {
        read_packets(fd, &in, take_as_subscriber, &self);
        if (self.ack_bytes) send_all(fd, self.acks, self.ack_bytes);
        self.ack_bytes = 0;
        atomic_store(&last_arrival, now());
        atomic_store(&received, self.count);
        if (atomic_exchange(&waiting, false)) eventfd_write(wake, 1);
    }
    return NULL;
}

static void take_as_publisher(uint8_t head, const uint8_t *body, size_t length, void *context) {
    (void)body;
    (void)length;
    if (head >> 4 == 4) ++*(unsigned long *)context;
}

int main(int count, char **arguments) {
    if (count != 8) {
        fprintf(stderr, "usage: mqtt_load HOST PORT QOS SECONDS SIZE WINDOW PID\n");
        return 2;
    }
    host = arguments[1];
    port = arguments[2];
    qos = atoi(arguments[3]);
    double seconds = atof(arguments[4]);
    size = atoi(arguments[5]);
    window = atoi(arguments[6]);
    int pid = atoi(arguments[7]);
    if (qos < 0 || qos > 1 || size < 1 || size > 60000 || window < 1 || window > 60000) return 2;
    wake = eventfd(0, EFD_NONBLOCK);
    snprintf(topic, sizeof topic, "bench/%d", (int)getpid());

    pthread_t thread;
    pthread_create(&thread, NULL, subscribe, NULL);
    while (!atomic_load(&subscribed)) usleep(1000);
    int fd = open_connection("pub");

    // One message, whose id alone changes.
    static uint8_t message[1 << 16], batch[WRITE_BYTES + (1 << 16)];
    size_t body = 2 + strlen(topic) + (qos ? 2 : 0) + (size_t)size;
    message[0] = (uint8_t)(0x30 | qos << 1);
    size_t at = 1 + put_length(message + 1, body);
    at += put_text(message + at, topic);
    size_t id = at;
    size_t length = at + (qos ? 2 : 0) + (size_t)size;
    memset(message + length - size, 'x', (size_t)size);

    static reader in;
    unsigned long sent = 0, acked = 0;
    uint64_t cpu = cpu_of(pid), start = now(), end = start + (uint64_t)(seconds * 1e9), patience = end + 10000000000u;
    for (;;) {
        uint64_t time = now();
        bool isOver = time >= end;
        unsigned long behind = sent - atomic_load(&received), unacked = qos ? sent - acked : 0;
        if (isOver && ((!behind && !unacked) || time > patience)) break;
        unsigned long open = behind > unacked ? behind : unacked;
        if (!isOver && open < (unsigned long)window) {
            unsigned long room = (unsigned long)window - open;
            size_t filled = 0;
            while (room-- && filled < WRITE_BYTES) {
                if (qos) {
                    unsigned number = sent % 65535 + 1;
                    message[id] = (uint8_t)(number >> 8);
                    message[id + 1] = (uint8_t)number;
                }
                memcpy(batch + filled, message, length);
                filled += length;
                sent++;
            }
            send_all(fd, batch, filled);
        }
        struct pollfd waits[] = {{fd, POLLIN, 0}, {wake, POLLIN, 0}};
        bool mustWait = isOver || sent - atomic_load(&received) >= (unsigned long)window || (qos && sent - acked >= (unsigned long)window);
        if (mustWait) {
            atomic_store(&waiting, true);
            // It may have caught up before it could see that somebody waits.
            if (sent - atomic_load(&received) < (unsigned long)window / 2 && (!qos || sent - acked < (unsigned long)window / 2)) mustWait = isOver;
        }
        if (!qos && !mustWait) continue;
        if (poll(waits, 2, mustWait ? 10 : 0) <= 0) continue;
        eventfd_t value;
        if (waits[1].revents) eventfd_read(wake, &value);
        if (waits[0].revents) read_packets(fd, &in, take_as_publisher, &acked);
    }
    unsigned long arrived = atomic_load(&received);
    double elapsed = (double)(atomic_load(&last_arrival) - start) / 1e9;
    double used = pid && arrived ? (double)(cpu_of(pid) - cpu) / 1e3 / (double)arrived : 0;
    printf("{\"mode\":\"mqtt\",\"qos\":%d,\"size\":%d,\"secs\":%.3f,\"ops\":%lu,\"ops_s\":%.1f,\"lost\":%ld,\"srv_cpu_us_per_op\":%.3f}\n",
           qos, size, elapsed, arrived, (double)arrived / elapsed, (long)(sent - arrived), used);
    return sent == arrived ? 0 : 3;
}
