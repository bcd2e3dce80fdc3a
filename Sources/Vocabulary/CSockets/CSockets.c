#define _GNU_SOURCE
#include "CSockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static int failed(int descriptor) {
    int error = errno;
    if (descriptor >= 0) close(descriptor);
    return -error;
}

int csockets_udp_open(const char *interface, uint32_t address, uint16_t port, int receive_buffer) {
    int on = 1;
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return failed(-1);
    // Before bind: sockets of different interfaces may then share the port.
    // No SO_REUSEADDR: a second server must be told that the port is taken.
    if (interface && setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0)
        return failed(descriptor);
    if (setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) < 0) return failed(descriptor);
    if (setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0) return failed(descriptor);
    // FORCE needs CAP_NET_ADMIN and goes beyond rmem_max; the plain one is enough to work.
    if (receive_buffer > 0 && setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) < 0)
        (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
    if (bind(descriptor, (struct sockaddr *)&local, sizeof local) < 0) return failed(descriptor);
    return descriptor;
}

int csockets_local_port(int descriptor) {
    struct sockaddr_in local = {0};
    socklen_t length = sizeof local;
    if (getsockname(descriptor, (struct sockaddr *)&local, &length) < 0) return -errno;
    return ntohs(local.sin_port);
}

int csockets_receive(int descriptor, struct csockets_incoming *datagrams, int count) {
    struct mmsghdr messages[CSOCKETS_BATCH];
    struct iovec vectors[CSOCKETS_BATCH];
    struct sockaddr_in sources[CSOCKETS_BATCH];
    union control controls[CSOCKETS_BATCH];
    if (count <= 0) return 0;
    if (count > CSOCKETS_BATCH) count = CSOCKETS_BATCH;
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){datagrams[i].bytes, datagrams[i].capacity};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i],
                                                   .msg_iovlen = 1,
                                                   .msg_name = &sources[i],
                                                   .msg_namelen = sizeof sources[i],
                                                   .msg_control = &controls[i],
                                                   .msg_controllen = sizeof controls[i]}};
    }
    int received = recvmmsg(descriptor, messages, (unsigned)count, MSG_DONTWAIT, NULL);
    if (received < 0) return -errno;
    for (int i = 0; i < received; i++) {
        struct csockets_incoming *datagram = &datagrams[i];
        struct msghdr *header = &messages[i].msg_hdr;
        datagram->length = messages[i].msg_len;
        datagram->truncated = (header->msg_flags & MSG_TRUNC) != 0;
        datagram->source_address = header->msg_namelen >= sizeof sources[i] ? ntohl(sources[i].sin_addr.s_addr) : 0;
        datagram->source_port = header->msg_namelen >= sizeof sources[i] ? ntohs(sources[i].sin_port) : 0;
        datagram->destination_address = 0;
        datagram->interface_index = 0;
        for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
            if (part->cmsg_level != IPPROTO_IP || part->cmsg_type != IP_PKTINFO) continue;
            struct in_pktinfo information;
            memcpy(&information, CMSG_DATA(part), sizeof information);
            datagram->destination_address = ntohl(information.ipi_addr.s_addr);
            datagram->interface_index = (uint32_t)information.ipi_ifindex;
        }
    }
    return received;
}

// A message for sendmmsg, and how many datagrams it is cut into.
struct outgoing_run {
    int count;
    struct iovec vector;
    struct sockaddr_in target;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
    } control;
};

// How many datagrams from the first on the kernel may cut from one message (UDP_SEGMENT): of one size, to one receiver, their bytes one
// behind another. It cuts no more than 64, which a batch is.
static int run_length(const struct csockets_outgoing *first, int count) {
    int limit = first->may_join && first->length ? 65507 / (int)first->length : 1, length = 1;
    if (limit > count) limit = count;
    for (; length < limit; length++) {
        const struct csockets_outgoing *next = first + length;
        if (!next->may_join || next->bytes != first->bytes + (size_t)length * first->length || next->length != first->length ||
            next->destination_address != first->destination_address || next->destination_port != first->destination_port ||
            next->source_address != first->source_address || next->interface_index != first->interface_index)
            break;
    }
    return length;
}

static void add_control(struct msghdr *header, struct outgoing_run *run, int level, int type, const void *value, size_t size) {
    struct cmsghdr *part = (struct cmsghdr *)(run->control.bytes + header->msg_controllen);
    part->cmsg_level = level;
    part->cmsg_type = type;
    part->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(part), value, size);
    header->msg_control = run->control.bytes;
    header->msg_controllen += CMSG_SPACE(size);
}

static int send_runs(int descriptor, struct csockets_outgoing *datagrams, int count, int may_segment) {
    struct mmsghdr messages[CSOCKETS_BATCH];
    struct outgoing_run runs[CSOCKETS_BATCH];
    int made = 0, left = 0;
    for (int i = 0; i < count; i += runs[made++].count) {
        struct outgoing_run *run = &runs[made];
        struct csockets_outgoing *first = &datagrams[i];
        memset(run, 0, sizeof *run);
        run->count = may_segment ? run_length(first, count - i) : 1;
        run->vector = (struct iovec){(void *)first->bytes, (size_t)first->length * (size_t)run->count};
        run->target = (struct sockaddr_in){.sin_family = AF_INET,
                                           .sin_port = htons(first->destination_port),
                                           .sin_addr.s_addr = htonl(first->destination_address)};
        struct msghdr *header = &messages[made].msg_hdr;
        *header = (struct msghdr){
            .msg_name = &run->target, .msg_namelen = sizeof run->target, .msg_iov = &run->vector, .msg_iovlen = 1};
        if (first->source_address || first->interface_index) {
            struct in_pktinfo information = {.ipi_ifindex = (int)first->interface_index,
                                             .ipi_spec_dst.s_addr = htonl(first->source_address)};
            add_control(header, run, IPPROTO_IP, IP_PKTINFO, &information, sizeof information);
        }
        if (run->count > 1) {
            uint16_t size = (uint16_t)first->length;
            add_control(header, run, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
        }
    }
    struct csockets_outgoing *datagram = datagrams;
    for (int i = 0; i < made;) {
        int sent = sendmmsg(descriptor, messages + i, (unsigned)(made - i), MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        // sendmmsg reports an error only for the first message of its call: the next one may go to a better place.
        if (sent <= 0) {
            int error = sent < 0 ? errno : EIO, size = runs[i].count;
            // The kernel does not cut on this way, or the datagrams are longer than its packets.
            int is_refused = error == EINVAL || error == EIO || error == EMSGSIZE || error == EOPNOTSUPP;
            if (size > 1 && is_refused) left += send_runs(descriptor, datagram, size, 0);
            else for (int j = 0; j < size; j++) datagram[j].error = error;
            datagram += size;
            i++;
            continue;
        }
        for (int end = i + sent; i < end; i++) {
            left += runs[i].count;
            for (int j = 0; j < runs[i].count; j++) (datagram++)->error = 0;
        }
    }
    return left;
}

int csockets_send(int descriptor, struct csockets_outgoing *datagrams, int count) {
    if (count > CSOCKETS_BATCH) count = CSOCKETS_BATCH;
    return count > 0 ? send_runs(descriptor, datagrams, count, 1) : 0;
}

int csockets_send_gathered(int descriptor, struct csockets_gathered *gathered, int count) {
    struct mmsghdr messages[CSOCKETS_BATCH];
    struct sockaddr_in targets[CSOCKETS_BATCH];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
    } controls[CSOCKETS_BATCH];
    if (count > CSOCKETS_BATCH) count = CSOCKETS_BATCH;
    for (int i = 0; i < count; i++) {
        targets[i] = (struct sockaddr_in){.sin_family = AF_INET,
                                          .sin_port = htons(gathered[i].destination_port),
                                          .sin_addr.s_addr = htonl(gathered[i].destination_address)};
        struct msghdr *header = &messages[i].msg_hdr;
        *header = (struct msghdr){.msg_name = &targets[i],
                                  .msg_namelen = sizeof targets[i],
                                  .msg_iov = (struct iovec *)gathered[i].parts,
                                  .msg_iovlen = gathered[i].part_count};
        memset(&controls[i], 0, sizeof controls[i]);
        struct cmsghdr *part = &controls[i].header;
        if (gathered[i].source_address) {
            struct in_pktinfo information = {.ipi_spec_dst.s_addr = htonl(gathered[i].source_address)};
            part->cmsg_level = IPPROTO_IP;
            part->cmsg_type = IP_PKTINFO;
            part->cmsg_len = CMSG_LEN(sizeof information);
            memcpy(CMSG_DATA(part), &information, sizeof information);
            header->msg_controllen += CMSG_SPACE(sizeof information);
            part = (struct cmsghdr *)(controls[i].bytes + header->msg_controllen);
        }
        if (gathered[i].segment_size) {
            part->cmsg_level = IPPROTO_UDP;
            part->cmsg_type = UDP_SEGMENT;
            part->cmsg_len = CMSG_LEN(sizeof gathered[i].segment_size);
            memcpy(CMSG_DATA(part), &gathered[i].segment_size, sizeof gathered[i].segment_size);
            header->msg_controllen += CMSG_SPACE(sizeof gathered[i].segment_size);
        }
        if (header->msg_controllen) header->msg_control = &controls[i];
    }
    int tried = 0;
    while (tried < count) {
        int sent = sendmmsg(descriptor, messages + tried, (unsigned)(count - tried), MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        // As above: an error is that of the first message of its call.
        if (sent <= 0) gathered[tried++].error = sent < 0 ? errno : EIO;
        for (int end = tried + (sent > 0 ? sent : 0); tried < end; tried++) gathered[tried].error = 0;
    }
    return tried;
}

void csockets_send_buffer(int descriptor, int bytes) {
    if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

uint32_t csockets_drops(int descriptor) {
    uint32_t values[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof values;
    return getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, values, &length) < 0 ? 0 : values[SK_MEMINFO_DROPS];
}

int csockets_path_mtu(uint32_t address) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 0;
    if (descriptor < 0) return failed(-1);
    // Any port: connecting asks for the route and sends nothing.
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(address)};
    socklen_t length = sizeof size;
    if (connect(descriptor, (struct sockaddr *)&target, sizeof target) < 0) return failed(descriptor);
    if (getsockopt(descriptor, IPPROTO_IP, IP_MTU, &size, &length) < 0) return failed(descriptor);
    close(descriptor);
    return size;
}

int csockets_epoll(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? failed(-1) : descriptor;
}

int csockets_epoll_watch(int epoll, int descriptor, uint32_t tag, int is_new, int for_writing) {
    struct epoll_event event = {.events = EPOLLIN | (for_writing ? EPOLLOUT : 0), .data.u32 = tag};
    return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) < 0 ? failed(-1) : 0;
}

int csockets_epoll_wait(int epoll, struct csockets_event *events, int count, int milliseconds) {
    struct epoll_event ready[CSOCKETS_BATCH];
    if (count > CSOCKETS_BATCH) count = CSOCKETS_BATCH;
    int found = epoll_wait(epoll, ready, count, milliseconds);
    if (found < 0) return errno == EINTR ? 0 : failed(-1);
    for (int i = 0; i < found; i++) {
        events[i].tag = ready[i].data.u32;
        events[i].readable = (ready[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
        events[i].writable = (ready[i].events & EPOLLOUT) != 0;
    }
    return found;
}

int csockets_packet_open(void) {
    int descriptor = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return descriptor < 0 ? failed(-1) : descriptor;
}

int csockets_packet_listen(uint32_t interface_index, uint16_t protocol, uint16_t udp_port, uint8_t *hardware_address) {
    // Nothing is heard before it is bound: what came meanwhile would have passed no filter.
    int descriptor = csockets_packet_open();
    if (descriptor < 0) return descriptor;
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),           BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),          BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, udp_port, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
    if (udp_port && setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0) return failed(descriptor);
    struct sockaddr_ll local = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)interface_index};
    socklen_t length = sizeof local;
    if (bind(descriptor, (struct sockaddr *)&local, sizeof local) < 0) return failed(descriptor);
    if (getsockname(descriptor, (struct sockaddr *)&local, &length) < 0) return failed(descriptor);
    memcpy(hardware_address, local.sll_addr, 6);
    return descriptor;
}

int csockets_packet_send(int descriptor, struct csockets_frame *frames, int count) {
    int left = 0;
    if (count > CSOCKETS_BATCH) count = CSOCKETS_BATCH;
    for (int i = 0; i < count; i++) {
        struct sockaddr_ll target = {0};
        target.sll_family = AF_PACKET;
        target.sll_protocol = htons(frames[i].protocol);
        target.sll_ifindex = (int)frames[i].interface_index;
        target.sll_halen = 6;
        memcpy(target.sll_addr, frames[i].hardware_address, 6);
        ssize_t sent;
        do {
            sent = sendto(descriptor, frames[i].bytes, frames[i].length, MSG_DONTWAIT, (struct sockaddr *)&target, sizeof target);
        } while (sent < 0 && errno == EINTR);
        frames[i].error = sent < 0 ? errno : 0;
        left += sent >= 0;
    }
    return left;
}

int csockets_eventfd(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor < 0 ? failed(-1) : descriptor;
}

long csockets_slice(uint64_t nanoseconds) {
    // As the kernel's uapi/linux/sched/types.h has it, which glibc's own sched.h cannot be included with.
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {0};
    // What the thread has stays, its precedence for one.
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0) return -errno;
    if (attributes.policy != SCHED_OTHER) return -EINVAL;
    attributes.runtime = nanoseconds;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) < 0) return -errno;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0) return -errno;
    return (long)attributes.runtime;
}

void csockets_name_thread(const char *name) {
    char text[16] = {0};
    strncpy(text, name, sizeof text - 1);
    (void)pthread_setname_np(pthread_self(), text);
}
