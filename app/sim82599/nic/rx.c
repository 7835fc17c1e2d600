/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receive, data sheet 7.1: frames from the wire through the filters into the
 * buffers of a queue, and the write-back of its descriptors. */

#include "desc.h"

/* The 512 KB packet buffer takes 420 us to fill at 10 Gbit/s: so long are frames
 * kept for a queue without descriptors, then they are lost (7.1.1, RXMPC). */
#define RX_FIFO_NS 420000

/* Descriptors of one write-back at the most; a frame of 15.5 KB may need 16. */
#define RX_SLOTS (2 * WIRE_BURST)

/* Descriptors that a driver looks at together, at the most. */
#define RX_LATCH 8

/* A piece of a frame on its way into a buffer. */
struct rx_slot {
	struct desc *desc;
	void *buf;
	const uint8_t *data;
	uint32_t len;
	uint64_t lo, hi; /* write-back */
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

/* The packet type of the advanced write-back, 7.1.6.2: by the headers, bits 15:4. */
static uint32_t
rx_packet_type(const uint8_t *frame, uint32_t len)
{
	uint32_t at = 12, type, header;
	uint8_t proto;

	if (frame[at] == 0x81 && frame[at + 1] == 0x00)
		at += 4;
	if (len < at + 2 + 20)
		return 0;
	type = frame[at] << 8 | frame[at + 1];
	at += 2;
	if (type == 0x0800 && frame[at] >> 4 == 4) {
		header = (frame[at] & 0xf) * 4;
		/* a fragment's L4 header is not looked for */
		if ((frame[at + 6] & 0x3f) != 0 || frame[at + 7] != 0)
			proto = 0;
		else
			proto = frame[at + 9];
		type = header > 20 ? RX_PTYPE_IPV4 | RX_PTYPE_IPV4E : RX_PTYPE_IPV4;
		at += header;
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
	if (proto == 6 && len >= at + 20)
		type |= RX_PTYPE_TCP;
	else if (proto == 17 && len >= at + 8)
		type |= RX_PTYPE_UDP;
	else if (proto == 132 && len >= at + 12)
		type |= RX_PTYPE_SCTP;
	return type;
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

static void
rx_write_back(const struct rx_slot *slot, bool legacy)
{
	if (!legacy)
		slot->desc->lo = slot->lo;
	atomic_store_explicit(&slot->desc->hi, slot->hi, memory_order_release);
}

/*
 * Hand the descriptors to the driver, in order: drivers that look at several at once, last
 * first, may take the number of those done for a prefix. For a burst at once, the first
 * RX_LATCH wait for the others: no driver looks beyond a first one that is not done.
 */
static void
rx_publish(struct nic *nic, const struct nic_rxq *rxq, const struct rx_slot *slots, unsigned int n)
{
	unsigned int latch = nic->config.publish_burst && n > RX_LATCH ? RX_LATCH : 0, i;

	for (i = latch; i < n; i++)
		rx_write_back(&slots[i], rxq->legacy);
	for (i = 0; i < latch; i++)
		rx_write_back(&slots[i], rxq->legacy);
	nic->counts.desc_writes += n;
	nic->counts.pcie_up += pcie_bytes(n * sizeof(struct desc));
}

static void
rx_fault(struct nic *nic, struct nic_rxq *rxq, struct rx_slot *slot)
{
	if (++rxq->packets % 7 != 0)
		return;
	if (has_fault(nic, NIC_FAULT_RX_LEN))
		slot->hi |= rxq->legacy ? 0xffff : UINT64_C(0xffff) << RX_LEN_SHIFT;
	if (has_fault(nic, NIC_FAULT_RX_STATUS))
		slot->hi = rxq->legacy ? slot->hi & ~(RX_EOP << RX_LEGACY_STATUS_SHIFT) :
			(slot->hi & ~RX_EOP) | RX_ERRORS;
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
	if (len < 16 || len > 128) {
		memcpy(to, from, len);
		return;
	}
	for (uint32_t i = 0; i + 16 < len; i += 16)
		memcpy(to + i, from + i, 16);
	memcpy(to + len - 16, from + len - 16, 16);
}

/* Write frames to a queue, as many as its descriptors hold, at most RX_SLOTS of them. */
static unsigned int
rx_deliver(struct nic *nic, unsigned int q, const struct wire_frame *frames, unsigned int n)
{
	struct nic_rxq *rxq = &nic->rxq[q];
	uint32_t fcs_len = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP ? 0 : FCS_LEN;
	unsigned int stat = rx_stat_index(nic, q);
	uint32_t owned = rx_owned(nic, q), head = rxq->head, next;
	struct rx_slot slots[RX_SLOTS], *slot;
	struct desc *line = NULL;
	uint8_t fcs_frame[WIRE_MAX_FRAME + FCS_LEN];
	unsigned int nb_slots = 0, done, first, i;
	uint64_t bytes = 0;

	if (owned > RX_SLOTS)
		owned = RX_SLOTS;
	for (done = 0; done < n; done++) {
		const uint8_t *data = frames[done].data;
		uint32_t len = frames[done].len, left = len + fcs_len, type, fcs;
		uint64_t status;

		if (nb_slots + (left + rxq->buf_size - 1) / rxq->buf_size > owned)
			break;
		type = rx_packet_type(data, len);
		/* 7.1.6.2: PIF tells that the frame passed by a filter that is not exact */
		status = RX_DD | RX_EOP | (data[0] & 1 ? RX_PIF : 0);
		if (fcs_len > 0) {
			/* one at a time: there is room for one frame's FCS */
			if (nb_slots > 0)
				break;
			fcs = rx_fcs(data, len);
			memcpy(fcs_frame, data, len);
			memcpy(fcs_frame + len, &fcs, FCS_LEN);
			data = fcs_frame;
		}
		first = nb_slots;
		for (next = head; left > 0; next = ring_next(next, rxq->size)) {
			slot = &slots[nb_slots++];
			if (next % DESC_LINE == 0 || line == NULL)
				line = desc_line(nic, &rxq->ring, rxq->base, next);
			if (line == NULL)
				goto refused;
			slot->desc = &line[next % DESC_LINE];
			slot->data = data;
			slot->len = left < rxq->buf_size ? left : rxq->buf_size;
			slot->buf = dma(nic, &nic->rx_buffers, slot->desc->lo, slot->len);
			if (slot->buf == NULL)
				goto refused;
			__builtin_prefetch(slot->buf, 1);
			data += slot->len;
			left -= slot->len;
			slot->lo = type;
			slot->hi = left > 0 ? RX_DD : status;
			slot->hi = rxq->legacy ?
				(uint64_t)slot->len << RX_LEGACY_LEN_SHIFT | slot->hi << RX_LEGACY_STATUS_SHIFT :
				(uint64_t)slot->len << RX_LEN_SHIFT | slot->hi;
		}
		head = next;
		bytes += len + fcs_len;
		if (nic->faults != 0)
			rx_fault(nic, rxq, &slots[nb_slots - 1]);
	}
	goto copy;

refused:
	/* 5.2.5: as after a master abort, the queue stands still */
	nic->counts.dma_refused++;
	rxq_disable(nic, q);
	nb_slots = first;
copy:
	for (i = 0; i < nb_slots; i++) {
		rx_copy(slots[i].buf, slots[i].data, slots[i].len);
		nic->counts.pcie_up += pcie_bytes(slots[i].len);
	}
	rx_publish(nic, rxq, slots, nb_slots);
	rxq->head = head;
	nic->counts.desc_reads += nb_slots;
	nic->counts.pcie_up += nb_slots > 0 ? 24 : 0;
	nic->counts.pcie_down += pcie_bytes(nb_slots * sizeof(struct desc));
	nic->counts.rx_packets += done;
	nic->counts.rx_bytes += bytes - done * fcs_len;
	nic->stat[STAT_QPRC + stat] += done;
	nic->stat[STAT_QBRC + stat] += bytes;
	return done;
}

/* The queue of a frame: without RSS, DCB, VMDq or filters, queue 0 (7.1.2). */
static unsigned int
rx_queue_of(const struct wire_frame *frame)
{
	(void)frame;
	return 0;
}

/* No descriptor for the frames in the packet buffer: keep them for now? */
static bool
rx_keep(struct nic *nic)
{
	uint64_t now;

	if (nic->wire->lossless)
		return true;
	now = nic_now();
	if (nic->rx_full_since == 0)
		nic->rx_full_since = now;
	return now - nic->rx_full_since < RX_FIFO_NS;
}

static void
rx_miss(struct nic *nic, unsigned int q, unsigned int n)
{
	/* 8.2.3.8.7: with DROP_EN the queue loses a frame, without it the packet buffer */
	if (reg_get(nic, rxq_reg(q, NIC_SRRCTL)) & NIC_SRRCTL_DROP_EN)
		nic->stat[STAT_QPRDC + rx_stat_index(nic, q)] += n;
	else
		nic->stat[STAT_RXMPC] += n;
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
		if (!filter_accepts(nic, frames[i].data))
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
	unsigned int q, run, taken, moved = 0;

	/* Without a link there are no signals; without RXEN the MAC is deaf (8.2.3.8.10). */
	if (nic->wire == NULL || !nic->link_up || !(reg_get(nic, NIC_RXCTRL) & NIC_RXCTRL_RXEN))
		return 0;
	rx_prefetch(nic);
	if (nic->fifo_wire == 0)
		moved = rx_mac(nic);
	/* Frames for the same queue go together, all in order. */
	while (nic->fifo_next < nic->fifo_len) {
		q = rx_queue_of(&nic->fifo[nic->fifo_next]);
		for (run = 1; nic->fifo_next + run < nic->fifo_len; run++)
			if (rx_queue_of(&nic->fifo[nic->fifo_next + run]) != q)
				break;
		taken = rx_deliver(nic, q, &nic->fifo[nic->fifo_next], run);
		if (taken > 0) {
			nic->rx_full_since = 0;
		} else {
			if (rx_keep(nic))
				return moved;
			rx_miss(nic, q, run);
			taken = run;
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
