/* The first and only program of a guest that shows what an upgrade of its hypervisor costs it. It answers pings on a fixed address, and every
   0.2 s it writes the next record to each of its disks and makes it durable. On its serial port:

     guest up 10.77.0.50 12.3 s            seconds since its kernel started
     write local 17 3 ms gap 203 ms        record 17 is durable; the call took 3 ms; since record 16 was durable 203 ms have passed
     error local 18 write: Input/output error
     memory 4 wrong 0                      the fourth look at all words that were written at the start found none that is another

   From the kernel's command line: guest.address=A.B.C.D/N, guest.disk=NAME:DEVICE as often as there are disks, and guest.nbd=NAME:A.B.C.D:PORT
   for one that the guest itself reaches over the network; guest.memory=MIB of words to look at, again and again. A record is a block of 4096 bytes that begins with the line "NAME NUMBER". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nbd.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { block_size = 4096, interval_ms = 200, patience_s = 60 };

/* One write a line, so that lines of several processes do not mix. */
static void say(const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof line) length = sizeof line - 1;
    if (write(1, line, length) < 0) _exit(1);
}

static _Noreturn void fail(const char *name, unsigned long number, const char *what) {
    say("error %s %lu %s: %s\n", name, number, what, strerror(errno));
    for (;;) pause();
}

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void sleep_ms(double ms) {
    if (ms > 0) nanosleep(&(struct timespec){ms / 1000, (long)(ms * 1e6) % 1000000000}, NULL);
}

static int open_patiently(const char *device) {
    for (int i = 0; i < patience_s * 10; i++, sleep_ms(100)) {
        int file = open(device, O_RDWR | O_CLOEXEC);
        if (file >= 0) return file;
    }
    return -1;
}

/* In a process of its own; never returns. */
static _Noreturn void write_for_ever(const char *name, int file) {
    static char block[block_size] __attribute__((aligned(block_size)));
    off_t size = lseek(file, 0, SEEK_END);
    if (size < block_size) { errno = ENOSPC; fail(name, 0, "size"); }
    double last = now_ms();
    for (unsigned long number = 1;; number++) {
        double begun = now_ms();
        memset(block, 0, sizeof block);
        snprintf(block, sizeof block, "%s %lu\n", name, number);
        if (pwrite(file, block, block_size, (off_t)((number - 1) % (size / block_size)) * block_size) != block_size) fail(name, number, "write");
        if (fdatasync(file)) fail(name, number, "sync");
        double done = now_ms();
        say("write %s %lu %.0f ms gap %.0f ms\n", name, number, done - begun, done - last);
        last = done;
        sleep_ms(begun + interval_ms - now_ms());
    }
}

/* Fills memory with words that follow from a seed of this start, and counts those that are not what they were. In a process of its own. */
static _Noreturn void look_for_ever(size_t mebibytes) {
    size_t count = (mebibytes << 20) / sizeof(uint64_t);
    uint64_t *words = malloc(count * sizeof *words), seed;
    if (!words || syscall(SYS_getrandom, &seed, sizeof seed, 4 /* however little is known of chance */) != sizeof seed) fail("memory", 0, "fill");
    for (size_t i = 0; i < count; i++) words[i] = (seed + i) * 0x9e3779b97f4a7c15u;
    for (unsigned long look = 1;; look++) {
        unsigned long wrong = 0;
        for (size_t i = 0; i < count; i++) wrong += ((volatile uint64_t *)words)[i] != (seed + i) * 0x9e3779b97f4a7c15u;
        say("memory %lu wrong %lu\n", look, wrong);
        sleep_ms(2000);
    }
}

static void load_modules(void) {
    for (char path[] = "/modules/0"; path[9] <= '9'; path[9]++) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        if (syscall(SYS_finit_module, file, "", 0) && errno != EEXIST) say("error module %c load: %s\n", path[9], strerror(errno));
        close(file);
    }
}

static void set_address(char *text) {
    char *slash = strchr(text, '/');
    int bits = slash ? atoi(slash + 1) : 24, any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (slash) *slash = 0;
    struct ifreq request = {.ifr_name = "eth0"};
    for (int i = 0; i < patience_s * 10 && ioctl(any, SIOCGIFINDEX, &request); i++) sleep_ms(100);
    struct sockaddr_in *address = (struct sockaddr_in *)&request.ifr_addr;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(text)};
    if (ioctl(any, SIOCSIFADDR, &request)) fail("network", 0, "address");
    address->sin_addr.s_addr = htonl(bits ? ~0u << (32 - bits) : 0);
    if (ioctl(any, SIOCSIFNETMASK, &request)) fail("network", 0, "netmask");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(any, SIOCSIFFLAGS, &request)) fail("network", 0, "up");
    close(any);
}

static int receive(int peer, void *data, size_t length) {
    return recv(peer, data, length, MSG_WAITALL) == (ssize_t)length ? 0 : -1;
}

struct __attribute__((packed)) nbd_disk { uint64_t size; uint16_t flags; };

/* The fixed newstyle handshake. Returns the socket, or -1. */
static int connect_disk(const struct sockaddr_in *server, struct nbd_disk *disk) {
    struct __attribute__((packed)) { char magic[16]; uint16_t flags; } greeting;
    struct __attribute__((packed)) { uint32_t flags; char magic[8]; uint32_t option, length; } answer = {
        htonl(3 /* fixed newstyle, no zeroes */), {'I', 'H', 'A', 'V', 'E', 'O', 'P', 'T'}, htonl(1 /* export name */), 0};
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    if (!connect(peer, (const struct sockaddr *)server, sizeof *server) && !receive(peer, &greeting, sizeof greeting)
        && !memcmp(greeting.magic, "NBDMAGICIHAVEOPT", 16) && send(peer, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer
        && !receive(peer, disk, sizeof *disk))
        return peer;
    close(peer);
    return -1;
}

/* The server ends a handshake that takes 10 s, as it may on a busy computer: then again. Returns the opened device, whose connection the kernel has. */
static int attach_network_disk(const char *name, char *server) {
    char *colon = strchr(server, ':');
    if (!colon) { errno = EINVAL; fail(name, 0, "server"); }
    *colon = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1)), .sin_addr.s_addr = inet_addr(server)};
    struct nbd_disk disk;
    int peer = -1;
    for (int i = 0; i < patience_s && (peer = connect_disk(&address, &disk)) < 0; i++) sleep_ms(1000);
    if (peer < 0) fail(name, 0, "connect");
    int device = open_patiently("/dev/nbd0");
    if (device < 0) fail(name, 0, "open");
    if (ioctl(device, NBD_SET_SOCK, peer) || ioctl(device, NBD_SET_BLKSIZE, (unsigned long)block_size)
        || ioctl(device, NBD_SET_SIZE_BLOCKS, (unsigned long)(be64toh(disk.size) / block_size))
        || ioctl(device, NBD_SET_FLAGS, (unsigned long)be16toh(disk.flags)))
        fail(name, 0, "set-up");
    if (fork() == 0) {
        ioctl(device, NBD_DO_IT);
        fail(name, 0, "connection ended");
    }
    /* Until the kernel has the connection the disk has no size. */
    for (int i = 0; i < patience_s * 10 && lseek(device, 0, SEEK_END) < block_size; i++, sleep_ms(100)) {}
    return device;
}

static void start(char *argument) {
    int on_network = !strncmp(argument, "guest.nbd=", 10);
    if (!strncmp(argument, "guest.address=", 14)) {
        set_address(argument + 14);
        say("guest up %s %.1f s\n", argument + 14, now_ms() / 1e3);
    } else if (!strncmp(argument, "guest.memory=", 13)) {
        if (fork() == 0) look_for_ever(strtoul(argument + 13, NULL, 10));
    } else if (on_network || !strncmp(argument, "guest.disk=", 11)) {
        char *name = argument + (on_network ? 10 : 11), *place = strchr(name, ':');
        if (!place || fork()) return;
        *place++ = 0;
        int file = on_network ? attach_network_disk(name, place) : open_patiently(place);
        if (file < 0) fail(name, 0, "open");
        write_for_ever(name, file);
    }
}

int main(void) {
    static char line[4096];
    mount("proc", "/proc", "proc", 0, NULL);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    int console = open("/dev/ttyS0", O_WRONLY);
    if (console >= 0) dup2(console, 1);
    load_modules();
    int file = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, line, sizeof line - 1);
    line[length > 0 ? length : 0] = 0;
    for (char *argument = strtok(line, " \n"); argument; argument = strtok(NULL, " \n")) start(argument);
    for (;;)
        if (wait(NULL) < 0) pause();
}
