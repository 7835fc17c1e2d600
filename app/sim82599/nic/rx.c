/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receive, data sheet 7.1: frames from the wire through the filters into the
 * buffers of a queue, and the write-back of its descriptors. */

#include <emmintrin.h>

#include "desc.h"

/* Descriptors of one write-back at the most; a frame of 15.5 KB may need 16. */
#define RX_SLOTS (2 * WIRE_BURST)

/* A descriptor and what is to be written back to it. */
struct rx_slot {
	struct desc *desc;
	uint64_t lo, hi;
};

void
rxq_enable(struct nic *nic, unsigned int q)
{
	struct nic_rxq *rxq = &nic->rxq[q];
	uint64_t base = reg_get(nic, rxq_reg(q, NIC_RDBAL)) |
			(uint64_t)reg_get(nic, rxq_reg(q, NIC_RDBAH)) << 32;
	uint32_t length = reg_get(nic, rxq_reg(q, NIC_RDLEN));
	uint32_t srrctl = reg_get(nic, rxq_reg(q, NIC_SRRCTL));
	uint32_t desctype = (srrctl & NIC_SRRCTL_DESCTYPE) >> NIC_SRRCTL_DESCTYPE_SHIFT;
	uint32_t buf_size = (srrctl & NIC_SRRCTL_BSIZEPACKET) * 1024;

	if (rxq->live || has_fault(nic, NIC_FAULT_RXQ))
		return;
	if (base % 128 != 0 && nic_violation(nic, RULE_RING_ALIGN, "RDBA[%u] is 0x%llx", q,
					     (unsigned long long)base))
		return;
	if (length == 0 || length % 128 != 0 || length > 1 << 20) {
		nic_violation(nic, RULE_RING_LENGTH, "RDLEN[%u] is %u", q, length);
		return;
	}
	if (desctype > 2 && desctype != 5) {
		nic_violation(nic, RULE_RX_DESCTYPE, "SRRCTL[%u].DESCTYPE is %u", q, desctype);
		return;
	}
	/* INTERPRETATION (MISSING): what the device does with BSIZEPACKET 0 is not said; legacy
	 * buffers were 2 KB by default on the family's older members. */
	if ((buf_size < 1024 || buf_size > 16384) &&
	    nic_violation(nic, RULE_RX_BUFFER, "SRRCTL[%u].BSIZEPACKET is %u KB", q, buf_size / 1024))
		return;
	if (!!(reg_get(nic, NIC_RDRXCTL) & NIC_RDRXCTL_CRCSTRIP) !=
	    !!(reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP) &&
	    nic_violation(nic, RULE_RX_CRC_STRIP, "RDRXCTL is 0x%08x, HLREG0 0x%08x",
			  reg_get(nic, NIC_RDRXCTL), reg_get(nic, NIC_HLREG0)))
		return;

	*rxq = (struct nic_rxq){
		.live = true,
		.legacy = desctype == 0,
		.size = length / sizeof(struct desc),
		.base = base,
		.buf_size = buf_size == 0 ? 2048 : buf_size,
	};
	/* INTERPRETATION (MISSING): 8.2.3.8.6 does not say whether enabling a queue resets its
	 * head. net_ixgbe and Linux's ixgbe set it only afterwards. The tail was reset when the
	 * queue was disabled (regs.c); a driver with direct doorbells may have written it since. */
	reg_put(nic, rxq_reg(q, NIC_RDH), 0);
	if (nic->rx_end <= q)
		nic->rx_end = q + 1;
	nic->nb_live++;
}

void
rxq_disable(struct nic *nic, unsigned int q)
{
	if (!nic->rxq[q].live)
		return;
	nic->rxq[q].live = false;
	while (nic->rx_end > 0 && !nic->rxq[nic->rx_end - 1].live)
		nic->rx_end--;
	nic->nb_live--;
}

/* Descriptors that the device owns: from the head up to, not including, the tail. */
static uint32_t
rx_owned(struct nic *nic, unsigned int q)
{
	struct nic_rxq *rxq = &nic->rxq[q];
	uint32_t tail;

	if (!rxq->live)
		return 0;
	tail = tail_read(nic, rxq_reg(q, NIC_RDT));
	if (tail >= rxq->size) {
		if (rxq->bad_tail != tail)
			nic_violation(nic, RULE_TAIL_RANGE, "RDT[%u] is %u of %u", q, tail, rxq->size);
		rxq->bad_tail = tail;
		return 0;
	}
	return tail >= rxq->head ? tail - rxq->head : tail + rxq->size - rxq->head;
}

static inline uint32_t
be16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return __builtin_bswap16(value);
}

/* 7.1.6.2: the L4 header that a protocol number stands for, and its least length */
static const struct {
	uint16_t type;
	uint8_t len;
} rx_l4[256] = {
	[6] = { RX_PTYPE_TCP, 20 },
	[17] = { RX_PTYPE_UDP, 8 },
	[132] = { RX_PTYPE_SCTP, 12 },
};

/* The packet type of the advanced write-back, 7.1.6.2: by the headers, bits 15:4. */
static uint32_t
rx_packet_type(const uint8_t *frame, uint32_t len)
{
	uint32_t at = 14, type = be16(frame + 12);
	uint8_t proto;

	if (type == 0x8100) {
		type = be16(frame + 16);
		at = 18;
	}
	if (type == 0x0800 && frame[at] >> 4 == 4) {
		type = frame[at] > 0x45 ? RX_PTYPE_IPV4 | RX_PTYPE_IPV4E : RX_PTYPE_IPV4;
		/* a fragment's L4 header is not looked for */
		if (be16(frame + at + 6) & 0x3fff)
			return type;
		proto = frame[at + 9];
		at += (frame[at] & 0xf) * 4;
	} else if (type == 0x86dd && len >= at + 40) {
		proto = frame[at + 6];
		type = RX_PTYPE_IPV6;
		at += 40;
		/* hop-by-hop, routing and destination options (8.2.3.7.10 lists the order) */
		while ((proto == 0 || proto == 43 || proto == 60) && len >= at + 8) {
			type |= RX_PTYPE_IPV6E;
			proto = frame[at];
			at += (frame[at + 1] + 1) * 8;
		}
		if (proto == 44)
			type |= RX_PTYPE_IPV6E;
	} else {
		return 0;
	}
	return len >= at + rx_l4[proto].len ? type | rx_l4[proto].type : type;
}

/* The frame check sequence (IEEE 802.3, 3.2.9), wanted only when it is not stripped. */
static uint32_t
rx_fcs(const uint8_t *data, uint32_t len)
{
	uint32_t crc = ~0u;

	while (len-- > 0) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* 7.1.5: length and status are in other places than in the advanced format */
static void
rx_write_back_legacy(const struct rx_slot *slot)
{
	uint64_t hi = (slot->hi >> RX_LEN_SHIFT & 0xffff) | (slot->hi & 0xff) << RX_LEGACY_STATUS_SHIFT;

	atomic_store_explicit(&slot->desc->hi, hi, memory_order_release);
}

/* 7.1.6.2; one store, so that many follow each other closely. A ring may lie anywhere: its
 * alignment is a rule, which not every driver keeps. */
static inline void
rx_write_back(const struct rx_slot *slot)
{
	_mm_storeu_si128((__m128i *)slot->desc, _mm_set_epi64x(slot->hi, slot->lo));
}

/*
 * Hand the descriptors to the driver, in order: drivers that look at several at once, last
 * first, may take the number of those done for a prefix. All else is done by now, so that they
 * follow each other closely, and a driver that polls finds many.
 */
static void
rx_publish(struct nic *nic, const struct nic_rxq *rxq, const struct rx_slot *slots, unsigned int n)
{
	unsigned int i;

	if (rxq->legacy)
		for (i = 0; i < n; i++)
			rx_write_back_legacy(&slots[i]);
	else
		for (i = 0; i < n; i++)
			rx_write_back(&slots[i]);
	nic->counts.desc_writes += n;
	nic->counts.pcie_up += pcie_bytes(n * sizeof(struct desc));
}

static void
rx_fault(struct nic *nic, struct nic_rxq *rxq, struct rx_slot *slot)
{
	if (++rxq->packets % 7 != 0)
		return;
	if (has_fault(nic, NIC_FAULT_RX_LEN))
		slot->hi |= UINT64_C(0xffff) << RX_LEN_SHIFT;
	if (has_fault(nic, NIC_FAULT_RX_STATUS))
		slot->hi = (slot->hi & ~RX_EOP) | RX_ERRORS;
}

/* 8.2.3.23.71: which of the 16 per-queue counters counts for this queue */
static unsigned int
rx_stat_index(const struct nic *nic, unsigned int q)
{
	return reg_get(nic, NIC_RQSMR + q / 4 * 4) >> (q % 4 * 8) & 0xf;
}

/* A copy of a short frame costs less than a call. */
static inline void
rx_copy(uint8_t *to, const uint8_t *from, uint32_t len)
{
	if (len < 32 || len > 64) {
		memcpy(to, from, len);
		return;
	}
	memcpy(to, from, 32);
	memcpy(to + len - 32, from + len - 32, 32);
}

/* Frames on their way into a queue. */
struct rx_batch {
	struct rx_slot slots[RX_SLOTS];
	unsigned int nb_slots;
	struct desc *line;     /* that the next descriptor is in, or NULL */
	uint32_t head;
	uint64_t pcie;         /* bytes */
};

/* The next descriptor and its buffer take a piece of a frame. @return false: no such memory */
static inline bool
rx_put(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch, const uint8_t *data,
       uint32_t len, uint32_t type, uint64_t status)
{
	uint32_t head = batch->head;
	struct rx_slot *slot = &batch->slots[batch->nb_slots];
	struct desc *desc;
	uint8_t *buf;

	if (head % DESC_LINE == 0 || batch->line == NULL)
		batch->line = desc_line(nic, &rxq->ring, rxq->base, head);
	if (batch->line == NULL)
		return false;
	desc = &batch->line[head % DESC_LINE];
	buf = dma_write(nic, &nic->rx_buffers, desc->lo, len);
	if (buf == NULL)
		return false;
	*slot = (struct rx_slot){ desc, type, (uint64_t)len << RX_LEN_SHIFT | status };
	batch->nb_slots++;
	batch->head = ring_next(head, rxq->size);
	batch->pcie += pcie_bytes(len);
	rx_copy(buf, data, len);
	return true;
}

/* A frame that is larger than a buffer, or keeps its FCS. @return as rx_put(); then, there is
 * nothing of it in the batch */
static bool
rx_put_pieces(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch, const uint8_t *frame,
	      uint32_t left, uint32_t fcs_len, uint32_t type, uint64_t status)
{
	uint8_t copy[WIRE_MAX_FRAME + FCS_LEN];
	unsigned int nb_slots = batch->nb_slots;
	uint32_t head = batch->head, len, fcs;

	if (fcs_len > 0) {
		fcs = rx_fcs(frame, left - fcs_len);
		memcpy(copy, frame, left - fcs_len);
		memcpy(copy + left - fcs_len, &fcs, fcs_len);
		frame = copy;
	}
	for (; left > 0; left -= len, frame += len) {
		len = left < rxq->buf_size ? left : rxq->buf_size;
		if (!rx_put(nic, rxq, batch, frame, len, type, left > len ? RX_DD : status)) {
			batch->nb_slots = nb_slots;
			batch->head = head;
			return false;
		}
	}
	return true;
}

/* Write frames to a queue, as many as its descriptors hold, at most RX_SLOTS of them. */
static unsigned int
rx_deliver(struct nic *nic, unsigned int q, const struct wire_frame *frames, unsigned int n)
{
	struct nic_rxq *rxq = &nic->rxq[q];
	const uint32_t fcs_len = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP ? 0 : FCS_LEN;
	const uint32_t whole = fcs_len == 0 ? rxq->buf_size : 0; /* up to so many bytes in one piece */
	const bool faults = nic->faults != 0;
	unsigned int stat = rx_stat_index(nic, q);
	uint32_t owned = rx_owned(nic, q), len, type;
	struct rx_batch batch;
	unsigned int done;
	uint64_t bytes = 0, status;
	bool ok;

	batch.nb_slots = 0;
	batch.line = NULL;
	batch.head = rxq->head;
	batch.pcie = 24; /* the request for the descriptors */
	if (owned > RX_SLOTS)
		owned = RX_SLOTS;
	for (done = 0; done < n; done++) {
		const uint8_t *data = frames[done].data;

		len = frames[done].len + fcs_len;
		if (len > rxq->buf_size * (uint64_t)(owned - batch.nb_slots))
			break;
		type = rx_packet_type(data, frames[done].len);
		/* 7.1.6.2: PIF tells that the frame passed by a filter that is not exact */
		status = RX_DD | RX_EOP | (data[0] & 1 ? RX_PIF : 0);
		if (len <= whole)
			ok = rx_put(nic, rxq, &batch, data, len, type, status);
		else
			ok = rx_put_pieces(nic, rxq, &batch, data, len, fcs_len, type, status);
		if (!ok) {
			/* 5.2.5: as after a master abort, the queue stands still */
			nic->counts.dma_refused++;
			rxq_disable(nic, q);
			break;
		}
		bytes += len;
		if (faults)
			rx_fault(nic, rxq, &batch.slots[batch.nb_slots - 1]);
	}
	if (batch.nb_slots == 0)
		return 0;
	rx_publish(nic, rxq, batch.slots, batch.nb_slots);
	rxq->head = batch.head;
	irq_rx(nic, q);
	nic->counts.desc_reads += batch.nb_slots;
	nic->counts.pcie_up += batch.pcie;
	nic->counts.pcie_down += pcie_bytes(batch.nb_slots * sizeof(struct desc));
	nic->counts.rx_packets += done;
	nic->counts.rx_bytes += bytes - done * fcs_len;
	nic->stat[STAT_QPRC + stat] += done;
	nic->stat[STAT_QBRC + stat] += bytes;
	return done;
}

/* 8.2.3.8.7: with DROP_EN a queue without descriptors loses its frames at once; without, they
 * stay in the packet buffer until that is full. */
static bool
rx_drops(const struct nic *nic, unsigned int q)
{
	return reg_get(nic, rxq_reg(q, NIC_SRRCTL)) & NIC_SRRCTL_DROP_EN;
}

/* No descriptor for the frames in the packet buffer: keep them for now? */
static bool
rx_keep(struct nic *nic, unsigned int q)
{
	uint64_t now;

	if (nic->wire->lossless)
		return true;
	if (rx_drops(nic, q))
		return false;
	now = nic_now();
	if (nic->rx_full_since == 0)
		nic->rx_full_since = now;
	return now - nic->rx_full_since < RX_FIFO_NS;
}

static void
rx_miss(struct nic *nic, unsigned int q, unsigned int n)
{
	if (rx_drops(nic, q)) {
		nic->stat[STAT_QPRDC + rx_stat_index(nic, q)] += n;
	} else {
		nic->stat[STAT_RXMPC] += n;
		irq_raise(nic, NIC_EICR_RX_MISS);
	}
	nic->counts.rx_missed += n;
}

/* Take frames from the wire through the MAC's filters (7.1.1) into the packet buffer.
 * @return frames taken. */
static unsigned int
rx_mac(struct nic *nic)
{
	struct wire_frame frames[WIRE_BURST];
	/* 8.2.3.22.8, 8.2.3.22.13: MAXFRS counts the FCS; a VLAN tag comes on top */
	uint32_t max_len = 4 + (reg_get(nic, NIC_HLREG0) & NIC_HLREG0_JUMBOEN ?
				reg_get(nic, NIC_MAXFRS) >> NIC_MAXFRS_MFS_SHIFT : 1518);
	uint64_t total_bytes = 0, good_bytes = 0;
	unsigned int n, total = 0, i;
	uint32_t len;

	n = nic->wire->ops->peek(nic->wire, frames, WIRE_BURST);
	if (n == 0)
		return 0;
	if (nic->filter.stale)
		filter_rebuild(nic);
	for (i = 0; i < n; i++) {
		len = frames[i].len + FCS_LEN;
		if (len < 64) {
			nic->stat[STAT_RUC]++;
			continue;
		}
		if (len > max_len) {
			nic->stat[STAT_ROC]++;
			continue;
		}
		total++;
		total_bytes += frames[i].len;
		if (!filter_passes(nic, frames[i].data))
			continue;
		good_bytes += frames[i].len;
		stats_rx_frame(nic, frames[i].data, len);
		nic->fifo[nic->fifo_len++] = frames[i];
	}
	stats_rx_total(nic, total, total_bytes);
	stats_rx_good(nic, nic->fifo_len, good_bytes);
	nic->counts.rx_filtered += n - nic->fifo_len;
	nic->fifo_wire = n;
	return n;
}

/* The descriptors that the next frames may go to come from the driver's cache; the MAC has
 * work to do meanwhile. */
static void
rx_prefetch(struct nic *nic)
{
	uint32_t owned;

	for (unsigned int q = 0; q < nic->rx_end; q++) {
		owned = rx_owned(nic, q);
		if (owned > 0)
			desc_prefetch(nic, &nic->rxq[q].ring, nic->rxq[q].base, nic->rxq[q].size,
				      nic->rxq[q].head, owned < WIRE_BURST ? owned : WIRE_BURST);
	}
}

static unsigned int
rx_run(struct nic *nic)
{
	/* 7.1.2: without RSS, DCB, VMDq and filters, all frames go to queue 0 */
	const unsigned int q = 0;
	unsigned int left, taken, moved = 0;

	/* Without a link there are no signals; without RXEN the MAC is deaf (8.2.3.8.10). */
	if (nic->wire == NULL || !nic->link_up || !(reg_get(nic, NIC_RXCTRL) & NIC_RXCTRL_RXEN))
		return 0;
	rx_prefetch(nic);
	if (nic->fifo_wire == 0)
		moved = rx_mac(nic);
	while (nic->fifo_next < nic->fifo_len) {
		left = nic->fifo_len - nic->fifo_next;
		taken = rx_deliver(nic, q, &nic->fifo[nic->fifo_next], left);
		if (taken > 0) {
			nic->rx_full_since = 0;
		} else {
			if (rx_keep(nic, q))
				return moved;
			rx_miss(nic, q, left);
			taken = left;
		}
		nic->fifo_next += taken;
		moved += taken;
	}
	if (nic->fifo_wire > 0)
		nic->wire->ops->consume(nic->wire, nic->fifo_wire);
	nic->fifo_wire = nic->fifo_len = nic->fifo_next = 0;
	return moved;
}

unsigned int
rx_poll(struct nic *nic)
{
	unsigned int moved = rx_run(nic), q;

	if (moved == 0 && nic->direct)
		for (q = 0; q < nic->rx_end; q++)
			if (nic->rxq[q].live && reg_get(nic, rxq_reg(q, NIC_RDH)) != nic->rxq[q].head)
				reg_put(nic, rxq_reg(q, NIC_RDH), nic->rxq[q].head);
	return moved;
}
