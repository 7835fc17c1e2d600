/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Descriptors as the hardware reads and writes them, 7.1.5, 7.1.6 and 7.2.3. */

#ifndef DESC_H
#define DESC_H

#include <stdatomic.h>
#include <stdint.h>

#include "nic_priv.h"

struct desc {
	uint64_t lo;
	_Atomic uint64_t hi;
};

/* Four descriptors share a cache line, and a 128-byte aligned ring never
 * splits one: the unit in which the device reads and writes them. */
#define DESC_LINE 4u

/* Rx write-back, upper quadword of the advanced format (7.1.6.2) */
#define RX_DD         (UINT64_C(1) << 0)
#define RX_EOP        (UINT64_C(1) << 1)
#define RX_PIF        (UINT64_C(1) << 7)   /* passed an inexact filter */
#define RX_ERRORS     (UINT64_C(0xff8) << 20)
#define RX_LEN_SHIFT  32
/* Rx write-back, upper quadword of the legacy format (7.1.5) */
#define RX_LEGACY_STATUS_SHIFT 32
/* packet type, lower quadword of the advanced format, bits 15:4 */
#define RX_PTYPE_IPV4   (1u << 4)
#define RX_PTYPE_IPV4E  (1u << 5)
#define RX_PTYPE_IPV6   (1u << 6)
#define RX_PTYPE_IPV6E  (1u << 7)
#define RX_PTYPE_TCP    (1u << 8)
#define RX_PTYPE_UDP    (1u << 9)
#define RX_PTYPE_SCTP   (1u << 10)

/* Tx, upper quadword; the positions that the legacy (7.2.3.2.2) and the
 * advanced (7.2.3.2.4) format share */
#define TX_LEN(hi)      ((hi) & 0xffff)
#define TX_DTYP(hi)     ((hi) >> 20 & 0xf)
#define   TX_DTYP_CONTEXT 2
#define   TX_DTYP_DATA    3
#define TX_EOP          (UINT64_C(1) << 24)
#define TX_IFCS         (UINT64_C(1) << 25)
#define TX_IC           (UINT64_C(1) << 26) /* legacy only */
#define TX_RS           (UINT64_C(1) << 27)
#define TX_DEXT         (UINT64_C(1) << 29)
#define TX_VLE          (UINT64_C(1) << 30)
#define TX_TSE          (UINT64_C(1) << 31) /* advanced only */
#define TX_STA_DD       (UINT64_C(1) << 32)
#define TX_POPTS(hi)    ((hi) >> 40 & 0x3f) /* advanced only */
#define TX_PAYLEN(hi)   ((hi) >> 46)        /* advanced only */
/* all but length, RS, DD and PAYLEN: a whole frame in one buffer, without offloads */
#define TX_PLAIN_MASK   (~(UINT64_C(0xffff) | TX_RS | TX_STA_DD | UINT64_C(0x3ffff) << 46))
#define TX_PLAIN        ((uint64_t)TX_DTYP_DATA << 20 | TX_EOP | TX_IFCS | TX_DEXT)
#define TX_RESERVED_DATA ((UINT64_C(3) << 16) | (UINT64_C(1) << 26) | (UINT64_C(1) << 28) | (UINT64_C(7) << 33))

/* Host memory of a DMA address, by the window that was last used for its like: one that is
 * written through was looked up for writing.
 * @return NULL: not all len bytes of it may be accessed. */
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

/* The descriptors of a ring that share a line with descriptor i; NULL: no such memory. */
static inline struct desc *
desc_line(struct nic *nic, struct nic_window *window, uint64_t base, uint32_t i)
{
	return dma_write(nic, window, base + (i & ~(DESC_LINE - 1)) * sizeof(struct desc),
		   DESC_LINE * sizeof(struct desc));
}

/* Fetch n descriptors from i on into the cache, all at once: they come from the driver's. */
static inline void
desc_prefetch(struct nic *nic, struct nic_window *window, uint64_t base, uint32_t size,
	      uint32_t i, uint32_t n)
{
	const struct desc *line;

	for (n += i % DESC_LINE, i &= ~(DESC_LINE - 1); ; n -= DESC_LINE) {
		line = desc_line(nic, window, base, i);
		if (line == NULL)
			return;
		__builtin_prefetch(line, 1);
		if (n <= DESC_LINE)
			return;
		i = i + DESC_LINE == size ? 0 : i + DESC_LINE;
	}
}

/* A tail is the driver's word: acquire what it wrote before it. */
static inline uint32_t
tail_read(const struct nic *nic, uint32_t offset)
{
	return __atomic_load_n(&nic->bar[offset >> 2], __ATOMIC_ACQUIRE) & 0xffff;
}

static inline uint32_t
ring_next(uint32_t i, uint32_t size)
{
	return i + 1 == size ? 0 : i + 1;
}

/* What PCIe carries for a request or a write of len bytes: 24 bytes of header, sequence
 * number, LCRC and framing for each packet of at most 256 bytes (doc/sim82599.md). */
static inline uint64_t
pcie_bytes(uint64_t len)
{
	return len + (len + 255) / 256 * 24;
}

#endif /* DESC_H */
