/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Descriptors as the hardware reads and writes them, 7.1.5, 7.1.6 and 7.2.3; their rings, and the
 * host memory that they name. */

#ifndef DESC_H
#define DESC_H

#include <stdatomic.h>
#include <stdint.h>

#include "regs.h"
#include "state.h"
#include "violation.h"

struct desc {
	uint64_t lo;
	_Atomic uint64_t hi;
};

/* Rx write-back, upper quadword of the advanced format (7.1.6.2) */
#define RX_DD         (UINT64_C(1) << 0)
#define RX_EOP        (UINT64_C(1) << 1)
#define RX_VP         (UINT64_C(1) << 3)   /* has a VLAN tag */
#define RX_UDPCS      (UINT64_C(1) << 4)   /* UDP checksum was checked */
#define RX_L4CS       (UINT64_C(1) << 5)   /* TCP or UDP checksum or SCTP CRC was checked */
#define RX_IPCS       (UINT64_C(1) << 6)   /* IPv4 checksum was checked */
#define RX_PIF        (UINT64_C(1) << 7)   /* passed an inexact filter */
#define RX_VEXT       (UINT64_C(1) << 9)   /* has an outer VLAN tag */
#define RX_UDPV       (UINT64_C(1) << 10)  /* first fragment of a UDP datagram with checksum */
#define RX_HBO        (UINT64_C(1) << 23)  /* headers are larger than the header buffer */
#define RX_RXE        (UINT64_C(1) << 29)  /* MAC error */
#define RX_TCPE       (UINT64_C(1) << 30)  /* the checksum that L4CS reports was wrong */
#define RX_IPE        (UINT64_C(1) << 31)
#define RX_ERRORS     (UINT64_C(0xff8) << 20)
#define RX_LEN_SHIFT  32
#define RX_VLAN_SHIFT 48
/* Rx write-back, upper quadword of the legacy format (7.1.5) */
#define RX_LEGACY_CSUM_SHIFT   16
#define RX_LEGACY_STATUS_SHIFT 32
#define RX_LEGACY_RXE          (UINT64_C(1) << 40)
#define RX_LEGACY_ERRORS_SHIFT 46          /* TCPE, IPE */
/* lower quadword of the advanced format: RSS type, bits 3:0 */
enum rx_rss_type {
	RX_RSS_NONE, RX_RSS_TCP_IPV4, RX_RSS_IPV4, RX_RSS_TCP_IPV6, RX_RSS_IPV6 = 5,
	RX_RSS_UDP_IPV4 = 7, RX_RSS_UDP_IPV6,
};
/* packet type, bits 16:4 */
#define RX_PTYPE_IPV4   (1u << 4)
#define RX_PTYPE_IPV4E  (1u << 5)
#define RX_PTYPE_IPV6   (1u << 6)
#define RX_PTYPE_IPV6E  (1u << 7)
#define RX_PTYPE_TCP    (1u << 8)
#define RX_PTYPE_UDP    (1u << 9)
#define RX_PTYPE_SCTP   (1u << 10)
#define RX_PTYPE_ESP    (1u << 12)
#define RX_PTYPE_AH     (1u << 13)
#define RX_PTYPE_ETQF   (1u << 15)         /* layer 2 packet: bits 6:4 are the number of the ETQF */
#define RX_PTYPE_ETQF_SHIFT 4
/* header split, of a packet's first descriptor */
#define RX_HDR_LEN_SHIFT   21
#define RX_HDR_LEN_MAX     1023u
#define RX_SPH             (1u << 31)
/* RSS hash, or with RXCSUM.PCSD = 0 IP identification and fragment checksum */
#define RX_HASH_SHIFT      32
#define RX_IP_ID_SHIFT     32
#define RX_FRAG_CSUM_SHIFT 48

/* Tx, upper quadword; the positions that the legacy (7.2.3.2.2) and the
 * advanced (7.2.3.2.4) format share */
#define TX_LEN(hi)      ((hi) & 0xffff)
#define TX_DTYP(hi)     ((hi) >> 20 & 0xf)
#define   TX_DTYP_CONTEXT 2
#define   TX_DTYP_DATA    3
#define TX_EOP          (UINT64_C(1) << 24)
#define TX_IFCS         (UINT64_C(1) << 25)
#define TX_RS           (UINT64_C(1) << 27)
#define TX_DEXT         (UINT64_C(1) << 29)
#define TX_VLE          (UINT64_C(1) << 30)
#define TX_STA_DD       (UINT64_C(1) << 32)
/* legacy only */
#define TX_CSO(hi)      ((hi) >> 16 & 0xff)
#define TX_IC           (UINT64_C(1) << 26)
#define TX_CSS(hi)      ((hi) >> 40 & 0xff)
#define TX_VLAN(hi)     ((hi) >> 48)
#define TX_RESERVED_LEGACY ((UINT64_C(1) << 28) | (UINT64_C(1) << 31) | (UINT64_C(0x7f) << 33))
/* advanced only */
#define TX_MACSEC       (UINT64_C(1) << 18)
#define TX_TSE          (UINT64_C(1) << 31)
#define TX_IDX(hi)      ((hi) >> 36 & 7)
#define TX_CC           (UINT64_C(1) << 39)
#define TX_IXSM         (UINT64_C(1) << 40)
#define TX_TXSM         (UINT64_C(1) << 41)
#define TX_IPSEC        (UINT64_C(1) << 42)
#define TX_PAYLEN(hi)   ((hi) >> 46)
/* For all fields but length, RS, DD, IDX 0 or 1 and PAYLEN: a whole frame in one buffer, without
 * offloads */
#define TX_PLAIN_MASK   (~(UINT64_C(0xffff) | TX_RS | TX_STA_DD | UINT64_C(1) << 36 | \
			   UINT64_C(0x3ffff) << 46))
#define TX_PLAIN        ((uint64_t)TX_DTYP_DATA << 20 | TX_EOP | TX_IFCS | TX_DEXT)
#define TX_RESERVED_DATA ((UINT64_C(3) << 16) | (UINT64_C(1) << 26) | (UINT64_C(1) << 28) | \
			  (UINT64_C(7) << 33) | (UINT64_C(7) << 43))
/* Tx context, 7.2.3.2.3; IDX as above */
#define TX_CTX_IPLEN(lo)  ((lo) & 0x1ff)
#define TX_CTX_MACLEN(lo) ((lo) >> 9 & 0x7f)
#define TX_CTX_VLAN(lo)   ((lo) >> 16 & 0xffff)
#define TX_CTX_IPV4       (UINT64_C(1) << 10)
#define TX_CTX_L4T(hi)    ((hi) >> 11 & 3)
#define   TX_L4T_UDP        0
#define   TX_L4T_TCP        1
#define   TX_L4T_SCTP       2
#define   TX_L4T_RSV        3
#define TX_CTX_FCOE       (UINT64_C(1) << 15)
#define TX_CTX_L4LEN(hi)  ((hi) >> 40 & 0xff)
#define TX_CTX_MSS(hi)    ((hi) >> 48)
#define TX_RESERVED_CTX   (UINT64_C(0xf) << 16 | UINT64_C(0x1f) << 24 | UINT64_C(1) << 39)

/* The host memory of a DMA address. The caller gives the window that it used last for the same
 * purpose; a window that is used for writing was looked up for writing.
 * @return NULL if the device may not access all len bytes */
static inline void *
dma_window(struct nic *nic, struct nic_window *window, uint64_t addr, uint32_t len, bool write)
{
	uint64_t at = addr - window->addr;

	if (at >= window->len || len > window->len - at) {
		window->len = 0;
		if (!nic->config.host_ops->map(nic->config.host, addr, len, write, window))
			return NULL;
		at = addr - window->addr;
	}
	return window->mem + at;
}

static inline const void *
dma_read(struct nic *nic, struct nic_window *window, uint64_t addr, uint32_t len)
{
	return dma_window(nic, window, addr, len, false);
}

static inline void *
dma_write(struct nic *nic, struct nic_window *window, uint64_t addr, uint32_t len)
{
	return dma_window(nic, window, addr, len, true);
}

/* The number of descriptors in a ring, from RDLEN or TDLEN, which have no bits below 128. */
static inline uint32_t
ring_size(uint32_t length)
{
	return (length & NIC_RDLEN_LEN) / sizeof(struct desc);
}

static inline uint32_t
ring_next(uint32_t i, uint32_t size)
{
	return i + 1 == size ? 0 : i + 1;
}

/* The index of the n-th descriptor after i. */
static inline uint32_t
ring_forward(uint32_t i, uint32_t n, uint32_t size)
{
	return i + n >= size ? i + n - size : i + n;
}

/* The number of descriptors from i on up to, not including, to. */
static inline uint32_t
ring_distance(uint32_t i, uint32_t to, uint32_t size)
{
	return to >= i ? to - i : to + size - i;
}

/* The number of descriptors from the head up to, not including, the tail of this name. The driver
 * wrote the descriptors before it wrote the tail, so the tail is loaded with acquire semantics. A
 * tail outside of the ring is reported once; ring->bad_tail stays above 0 until a tail is inside.
 * @return for a tail outside of the ring: all descriptors but one if round and not strict, or 0 */
static inline uint32_t
ring_owned(struct nic *nic, struct nic_ring *ring, const char *name, unsigned int q,
	   uint32_t offset, bool round)
{
	uint32_t tail = __atomic_load_n(&nic->bar[offset >> 2], __ATOMIC_ACQUIRE) & 0xffff;

	if (tail < ring->size) {
		if (ring->bad_tail != 0)
			ring->bad_tail = 0;
		return ring_distance(ring->head, tail, ring->size);
	}
	if (ring->bad_tail != tail)
		nic_violation(nic, RULE_TAIL_RANGE, "%s[%u] is %u of %u", name, q, tail,
			      ring->size);
	ring->bad_tail = tail;
	return round && !nic->config.strict ? ring->size - 1 : 0;
}

/* At most *n descriptors from i on: *n becomes the number of those that are before the ring's end
 * and contiguous in host memory. @return NULL if i is not in memory */
static inline struct desc *
ring_descs(struct nic *nic, struct nic_ring *ring, uint32_t i, uint32_t *n)
{
	const uint64_t addr = ring->base + i * sizeof(struct desc);
	struct desc *desc = dma_write(nic, &ring->window, addr, sizeof(*desc));
	uint64_t together = (ring->window.addr + ring->window.len - addr) / sizeof(*desc);

	if (*n > ring->size - i)
		*n = ring->size - i;
	if (*n > together)
		*n = together;
	return desc;
}

static inline struct desc *
ring_desc(struct nic *nic, struct nic_ring *ring, uint32_t i)
{
	return dma_write(nic, &ring->window, ring->base + i * sizeof(struct desc),
			 sizeof(struct desc));
}

/* Prefetch n descriptors from the head on: they are in the cache of the driver's processor. */
static inline void
ring_prefetch(struct nic *nic, struct nic_ring *ring, uint32_t n)
{
	const char *line, *end;
	uint32_t run;

	for (uint32_t i = ring->head; n > 0; n -= run, i = ring_forward(i, run, ring->size)) {
		run = n;
		line = (const char *)ring_descs(nic, ring, i, &run);
		if (line == NULL)
			return;
		end = line + run * sizeof(struct desc);
		for (line -= (uintptr_t)line % 64; line < end; line += 64)
			__builtin_prefetch(line, 1);
	}
}

/* 8.2.3.23.71, 8.2.3.23.73: the number (0 to 15) of the per-queue counters that count this queue;
 * map: RQSMR or TQSM */
static inline unsigned int
stat_index(const struct nic *nic, uint32_t map, unsigned int q)
{
	return reg_get(nic, map + q / 4 * 4) >> (q % 4 * 8) & 0xf;
}

/* The bytes that PCIe carries for a request or a write of len bytes: packets have at most 256
 * bytes, and each has 24 bytes of header, sequence number, LCRC and framing (doc/sim82599.md). */
#define PCIE_HEADER 24u

static inline uint64_t
pcie_packets(uint64_t len)
{
	return (len + 255) / 256;
}

static inline uint64_t
pcie_bytes(uint64_t len)
{
	return len + pcie_packets(len) * PCIE_HEADER;
}

/* May a queue be enabled with this ring? name: RD or TD */
bool ring_allowed(struct nic *nic, const char *name, unsigned int q, uint64_t base,
		  uint32_t length);

/* For the hooks of a queue's registers. Each returns the value that the register keeps. */

/* A register was written whose bits in mask describe the ring. */
uint32_t ring_write(struct nic *nic, const struct reg *reg, unsigned int i, bool live,
		    uint32_t mask, uint32_t before, uint32_t value);
/* The head of a live queue was written. */
uint32_t head_write(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t head,
		    uint32_t tail, uint32_t value);
/* The tail was written. */
uint32_t tail_write(struct nic *nic, const struct reg *reg, unsigned int i, bool enabled,
		    uint32_t value);

#endif /* DESC_H */
