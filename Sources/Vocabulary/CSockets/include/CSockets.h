#pragma once
#include <stdint.h>

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
    /// Set by the call: 0 or an errno.
    int32_t error;
};

/// One IP packet that is sent in an Ethernet frame to a hardware address, without ARP.
struct csockets_frame {
    const uint8_t *bytes;
    uint32_t length;
    uint32_t interface_index;
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
/// Tries every one; how many left.
int csockets_send(int descriptor, struct csockets_outgoing *datagrams, int count);

/// An AF_PACKET socket that only sends: protocol 0 delivers nothing to it.
int csockets_packet_open(void);
/// Tries every one; how many left.
int csockets_packet_send(int descriptor, struct csockets_frame *frames, int count);

/// An eventfd: non-blocking, closed on exec.
int csockets_eventfd(void);
/// The calling thread's name; 15 bytes of it.
void csockets_name_thread(const char *name);
