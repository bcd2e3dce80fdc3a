#pragma once
#include <stdint.h>
#include <sys/uio.h>

// What Swift's Glibc module lacks: messages in batches, with the interface they came in by and the address they leave by.
// Addresses and ports are in host byte order. Functions return a count or a descriptor, or -errno; they never block.

/// One datagram of a batch that is received.
struct csockets_incoming {
    /// Filled up to `capacity` bytes.
    uint8_t *bytes;
    uint32_t capacity;
    uint32_t length;
    uint32_t source_address;
    uint32_t destination_address;
    uint32_t interface_index;
    uint16_t source_port;
    /// 1 when the datagram was longer than `capacity`.
    uint8_t truncated;
};

/// One datagram of a batch that is sent.
struct csockets_outgoing {
    const uint8_t *bytes;
    uint32_t length;
    /// 0 lets the kernel choose.
    uint32_t source_address;
    uint32_t destination_address;
    uint32_t interface_index;
    uint16_t destination_port;
    /// 1: may leave in one message with its neighbours.
    uint8_t may_join;
    /// Set by the call: 0 or an errno.
    int32_t error;
};

/// Bytes from several places that are sent as one datagram, or as several of the same size.
struct csockets_gathered {
    const struct iovec *parts;
    uint32_t part_count;
    /// 0 lets the kernel choose.
    uint32_t source_address;
    uint32_t destination_address;
    uint16_t destination_port;
    /// Bytes of each datagram that the kernel cuts the whole into (UDP_SEGMENT), the last may be shorter; 0 sends one.
    uint16_t segment_size;
    /// Set by the call: 0 or an errno.
    int32_t error;
};

/// One descriptor that epoll reports.
struct csockets_event {
    uint32_t tag;
    uint8_t readable;
    uint8_t writable;
};

/// One packet that is sent in an Ethernet frame to a hardware address, without ARP.
struct csockets_frame {
    const uint8_t *bytes;
    uint32_t length;
    uint32_t interface_index;
    /// Ethernet's: 0x0800 is IPv4, 0x0806 ARP.
    uint16_t protocol;
    uint8_t hardware_address[6];
    /// Set by the call: 0 or an errno.
    int32_t error;
};

/// The most messages that one call takes; more are left alone.
#define CSOCKETS_BATCH 64

/// A non-blocking UDP socket with packet information and broadcast; bound to `interface` where that is not NULL.
int csockets_udp_open(const char *interface, uint32_t address, uint16_t port, int receive_buffer);
/// The port a socket is bound to.
int csockets_local_port(int descriptor);
int csockets_receive(int descriptor, struct csockets_incoming *datagrams, int count);
/// Tries every one; how many left. Those that may join, of one size to one receiver, whose bytes lie one behind another, leave as one
/// message, which the kernel cuts (UDP_SEGMENT): they go the way through the network stack once.
int csockets_send(int descriptor, struct csockets_outgoing *datagrams, int count);

/// In order, until one would block; how many were tried. At most `CSOCKETS_BATCH`.
int csockets_send_gathered(int descriptor, struct csockets_gathered *messages, int count);
/// Bytes that may wait in the socket to be sent; beyond wmem_max where the process may.
void csockets_send_buffer(int descriptor, int bytes);
/// Datagrams that the kernel has dropped at this socket since it was opened, most for want of room in its buffer; 0 where it does not say.
uint32_t csockets_drops(int descriptor);
/// The greatest IPv4 packet that goes to an address unfragmented, as far as routes and ICMP have told.
int csockets_path_mtu(uint32_t address);

int csockets_epoll(void);
/// Adds a descriptor, or changes what is waited for. Reading is always waited for.
int csockets_epoll_watch(int epoll, int descriptor, uint32_t tag, int is_new, int for_writing);
/// Waits up to `milliseconds` (negative: for ever); how many events, 0 also after a signal.
int csockets_epoll_wait(int epoll, struct csockets_event *events, int count, int milliseconds);

/// An AF_PACKET socket that only sends: protocol 0 delivers nothing to it.
int csockets_packet_open(void);
/// An AF_PACKET socket that hears one protocol on one interface, from behind the link's header; `hardware_address` is set to the interface's.
/// Where `udp_port` is not 0 it hears IPv4 only, and of that UDP to this port.
int csockets_packet_listen(uint32_t interface_index, uint16_t protocol, uint16_t udp_port, uint8_t *hardware_address);
/// Tries every one; how many left.
int csockets_packet_send(int descriptor, struct csockets_frame *frames, int count);

/// An eventfd: non-blocking, closed on exec.
int csockets_eventfd(void);
/// How long the calling thread runs before another of its kind has its turn (sched_setattr(2), EEVDF of Linux 6.12 and later): who wants
/// little at a time is served sooner. Returns the slice that it has now, 0 from an older kernel, -errno.
long csockets_slice(uint64_t nanoseconds);

/// The calling thread's name; 15 bytes of it.
void csockets_name_thread(const char *name);
