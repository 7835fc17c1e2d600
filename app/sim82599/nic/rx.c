/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receive, data sheet 7.1: frames from the wire through the filters into the
 * buffers of a queue, and the write-back of its descriptors. */

#include <emmintrin.h>

#include "desc.h"
#include "filter.h"
#include "irq.h"
#include "parse.h"
#include "pause.h"
#include "pktbuf.h"
#include "rx.h"
#include "rxcsum.h"
#include "stats.h"
#include "steer.h"

#define MIN_FRAME 64 /* with FCS */
#define MAX_LENGTH 1500 /* the field after the addresses is a length up to this, else a type */

/* The most descriptors of one write-back: a frame of 15.5 KB may need 16 buffers of 1 KB. */
#define RX_SLOTS (16 * WIRE_BURST)

/* A descriptor and the values to write back to it. */
struct rx_slot {
	struct desc *desc;
	uint64_t lo, hi;
};

/* The enable bit rises (8.2.3.8.6). */
static void
rxq_enable(struct nic *nic, unsigned int q)
{
	struct nic_rxq *rxq = &nic->rxq[q];
	uint64_t base = reg_get(nic, rxq_reg(q, NIC_RDBAL)) |
			(uint64_t)reg_get(nic, rxq_reg(q, NIC_RDBAH)) << 32;
	uint32_t length = reg_get(nic, rxq_reg(q, NIC_RDLEN));
	uint32_t srrctl = reg_get(nic, rxq_reg(q, NIC_SRRCTL));
	uint32_t desctype = (srrctl & NIC_SRRCTL_DESCTYPE) >> NIC_SRRCTL_DESCTYPE_SHIFT;
	uint32_t buf_size = (srrctl & NIC_SRRCTL_BSIZEPACKET) * 1024;
	uint32_t header_size = 64 * ((srrctl & NIC_SRRCTL_BSIZEHEADER) >>
				     NIC_SRRCTL_BSIZEHEADER_SHIFT);

	if (rxq->live || has_fault(nic, NIC_FAULT_RXQ))
		return;
	if (!ring_allowed(nic, "RD", q, base, length))
		return;
	/* INTERPRETATION (MISSING): the data sheet does not say what a reserved DESCTYPE does.
	 * Here it is type 1. */
	if (desctype > 2 && desctype != 5 &&
	    nic_violation(nic, RULE_RX_DESCTYPE, "SRRCTL[%u].DESCTYPE is %u", q, desctype))
		return;
	/* INTERPRETATION (MISSING): the data sheet does not say what BSIZEPACKET 0 means. Older
	 * devices of the family had legacy buffers of 2 KB by default. */
	if ((buf_size < 1024 || buf_size > 16384) &&
	    nic_violation(nic, RULE_RX_BUFFER, "SRRCTL[%u].BSIZEPACKET is %u KB", q,
			  buf_size / 1024))
		return;

	*rxq = (struct nic_rxq){
		.live = true,
		.legacy = desctype == 0,
		.split = desctype == 2 || desctype == 5,
		.split_always = desctype == 5,
		.header_size = header_size < RX_HDR_LEN_MAX ? header_size : RX_HDR_LEN_MAX,
		.ring = { .base = base, .size = ring_size(length) },
		.buf_size = buf_size == 0 ? 2048 : buf_size,
	};
	/* INTERPRETATION (MISSING): 8.2.3.8.6 does not say whether enabling a queue resets its
	 * head. net_ixgbe and Linux's ixgbe set the head only after enabling. The tail was reset
	 * when the queue was disabled; a driver with direct doorbells may have written it since. */
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
	reg_put(nic, rxq_reg(q, NIC_RDH), nic->rxq[q].ring.head);
	while (nic->rx_end > 0 && !nic->rxq[nic->rx_end - 1].live)
		nic->rx_end--;
	nic->nb_live--;
}

/* Descriptors that the device owns: from the head up to, not including, the tail. */
static uint32_t
rx_owned(struct nic *nic, unsigned int q)
{
	struct nic_rxq *rxq = &nic->rxq[q];

	if (!rxq->live)
		return 0;
	return ring_owned(nic, &rxq->ring, "RDT", q, rxq_reg(q, NIC_RDT), false);
}

/* The frame check sequence (IEEE 802.3, 3.2.9). It is needed only if it is not stripped. */
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

/* 7.1.5: the same fields in other places, without packet type and RSS */
static void
rx_write_back_legacy(const struct rx_slot *slot)
{
	uint64_t hi = (slot->hi >> RX_LEN_SHIFT & 0xffff) |
		      (slot->lo >> RX_FRAG_CSUM_SHIFT) << RX_LEGACY_CSUM_SHIFT |
		      (slot->hi & 0xff) << RX_LEGACY_STATUS_SHIFT |
		      (slot->hi & RX_RXE ? RX_LEGACY_RXE : 0) |
		      (slot->hi >> 30 & 3) << RX_LEGACY_ERRORS_SHIFT |
		      (slot->hi >> RX_VLAN_SHIFT) << RX_VLAN_SHIFT;

	atomic_store_explicit(&slot->desc->hi, hi, memory_order_release);
}

/* 7.1.6.2. This is one store, so that many write-backs follow each other closely. A ring may be
 * unaligned: its alignment is a rule that a driver can break. */
static inline void
rx_write_back(const struct rx_slot *slot)
{
	_mm_storeu_si128((__m128i *)slot->desc, _mm_set_epi64x(slot->hi, slot->lo));
}

/*
 * Give the descriptors to the driver, in order. A driver may read several at once, the last one
 * first, and assume that the ones that are done are the first ones. Everything else is done
 * before, so that the write-backs follow each other closely, and a driver that polls finds many.
 */
static void
rx_publish(struct nic *nic, const struct nic_rxq *rxq, const struct rx_slot *slots, unsigned int n)
{
	unsigned int i;

	atomic_thread_fence(memory_order_release); /* the buffers' content is stored before */
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
	if (has_fault(nic, NIC_FAULT_RX_EOP)) {
		slot->hi &= ~(RX_EOP | UINT64_C(0xffff) << RX_LEN_SHIFT);
		slot->hi |= (uint64_t)rxq->buf_size << RX_LEN_SHIFT;
	}
	if (++rxq->packets % 7 != 0)
		return;
	if (has_fault(nic, NIC_FAULT_RX_LEN))
		slot->hi |= UINT64_C(0xffff) << RX_LEN_SHIFT;
	if (has_fault(nic, NIC_FAULT_RX_STATUS))
		slot->hi = (slot->hi & ~RX_EOP) | RX_ERRORS;
}

/* To copy a short frame costs less than a call. */
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

/* Frames that are written to a queue together. */
struct rx_batch {
	struct rx_slot slots[RX_SLOTS];
	unsigned int nb_slots, nb_frames;
	uint32_t head;
	uint64_t bytes;        /* in host memory */
	uint64_t pcie;         /* bytes */
};

/* Store frames unchanged, one for each of the next descriptors, up to the ring's end, or the first
 * frame that does not fit into a buffer. Most frames are stored here. @return their number; 0 if
 * the memory does not exist */
static inline unsigned int
rx_put_whole(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch,
	     const struct rx_frame *frames, uint32_t n, uint32_t buf_size)
{
	struct desc *desc = ring_descs(nic, &rxq->ring, batch->head, &n);
	struct rx_slot *slot = &batch->slots[batch->nb_slots];
	const struct rx_frame *frame = frames, *end = frames + n;
	uint64_t bytes = 0, packets = 0;
	uint8_t *buf;

	if (desc == NULL)
		return 0;
	for (; frame < end && frame->len <= buf_size; frame++, desc++, slot++) {
		buf = dma_write(nic, &nic->rx_buffers, desc->lo, frame->len);
		if (buf == NULL)
			break;
		*slot = (struct rx_slot){
			desc, frame->lo, (uint64_t)frame->len << RX_LEN_SHIFT | frame->hi,
		};
		bytes += frame->len;
		packets += pcie_packets(frame->len);
		rx_copy(buf, frame->data, frame->len);
	}
	n = frame - frames;
	batch->nb_slots += n;
	batch->head = ring_forward(batch->head, n, rxq->ring.size);
	batch->bytes += bytes;
	batch->pcie += bytes + packets * PCIE_HEADER;
	return n;
}

/* Store a piece of a frame in the buffer of the next descriptor; lo and hi are its write-back
 * without the length. @return false if the memory does not exist */
static bool
rx_put(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch, const uint8_t *data,
       uint32_t len, uint64_t lo, uint64_t hi)
{
	const struct rx_frame piece = { .data = data, .len = len, .lo = lo, .hi = hi };

	return rx_put_whole(nic, rxq, batch, &piece, 1, len) == 1;
}

/* Bytes of the FCS that frames have in host memory. */
static uint32_t
rx_fcs_len(const struct nic *nic)
{
	return reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP ? 0 : FCS_LEN;
}

/* The bytes that a frame has in host memory: with its FCS, if that is not stripped, and without its
 * VLAN tag, if that is. */
static uint32_t
rx_stored_len(const struct nic_rxq *rxq, const struct rx_frame *frame, uint32_t fcs_len)
{
	return frame->len + fcs_len - (rxq->strip && frame->tag_at != 0 ? TAG_LEN : 0);
}

/* The length of the headers after which PSRTYPE splits the frame; 0 if it has none of them. */
static uint32_t
rx_header_len(const struct nic *nic, const struct rx_frame *frame)
{
	uint32_t psrtype = reg_get(nic, NIC_PSRTYPE);
	struct headers h;
	uint32_t len = 0;

	if (frame->hi & RX_RXE) /* may be too short for any */
		return 0;
	headers_parse(nic, frame->data, frame->len, &h);
	if (psrtype & NIC_PSRTYPE_TCP && h.l4 != 0 && h.type & RX_PTYPE_TCP)
		len = h.l4 + (frame->data[h.l4 + 12] >> 4) * 4;
	else if (psrtype & NIC_PSRTYPE_UDP && h.l4 != 0 && h.type & RX_PTYPE_UDP)
		len = h.l4 + 8;
	else if ((psrtype & NIC_PSRTYPE_IPV4 && h.type & RX_PTYPE_IPV4) ||
		 (psrtype & NIC_PSRTYPE_IPV6 && h.type & RX_PTYPE_IPV6))
		len = h.l3_end;
	else if (psrtype & NIC_PSRTYPE_L2)
		len = h.l2_end;
	return len <= frame->len && len <= RX_HDR_LEN_MAX ? len : 0;
}

/* 7.1.10: the number of bytes of a frame, of stored_len in memory, that go to the header buffer,
 * and the fields for it in the write-backs of the first and of the last descriptor. */
static uint32_t
rx_split(const struct nic *nic, const struct nic_rxq *rxq, const struct rx_frame *frame,
	 uint32_t stored_len, uint64_t *lo, uint64_t *hi)
{
	uint32_t header_len = rx_header_len(nic, frame);

	if (rxq->strip && frame->tag_at != 0 && header_len > 0)
		header_len -= TAG_LEN;
	if (rxq->split_always && stored_len <= rxq->header_size) {
		*lo |= (uint64_t)stored_len << RX_HDR_LEN_SHIFT;
		return stored_len;
	}
	if (header_len == 0) {
		if (!rxq->split_always)
			return 0;
		*lo |= (uint64_t)rxq->header_size << RX_HDR_LEN_SHIFT;
		return rxq->header_size;
	}
	*lo |= RX_SPH | (uint64_t)header_len << RX_HDR_LEN_SHIFT;
	if (header_len <= rxq->header_size)
		return header_len;
	*hi |= RX_HBO;
	return rxq->split_always ? rxq->header_size : 0;
}

/* Store the first bytes of a frame in the header buffer of the next descriptor. */
static bool
rx_put_header(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch,
	      const uint8_t *data, uint32_t len)
{
	struct desc *desc = ring_desc(nic, &rxq->ring, batch->head);
	uint64_t addr;
	uint8_t *buf;

	if (desc == NULL)
		return false;
	addr = desc->hi & ~UINT64_C(1);
	buf = dma_write(nic, &nic->rx_buffers, addr, len);
	if (buf == NULL)
		return false;
	memcpy(buf, data, len);
	batch->bytes += len;
	return true;
}

/* Store a frame that is larger than a buffer, keeps its FCS, loses its VLAN tag, or is split.
 * @return as rx_put(); on failure the batch has no part of it
 * INTERPRETATION (MISSING): the data sheet does not say which of a packet's descriptors describes
 * its headers. Here the first one has their length and SPH, as it has the header buffer. All have
 * packet type, RSS type and hash, because drivers read those of the first (net_ixgbe's vector path)
 * or of the last (its scalar path). The last one has the errors, with EOP. */
static bool
rx_put_pieces(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch,
	      const struct rx_frame *frame, uint32_t fcs_len)
{
	uint8_t copy[WIRE_MAX_FRAME + FCS_LEN];
	const uint8_t *data = frame->data;
	const unsigned int nb_slots = batch->nb_slots;
	const uint32_t head = batch->head;
	const uint64_t bytes = batch->bytes;
	uint32_t left = frame->len, at = frame->tag_at, len, fcs, in_header = 0;
	uint64_t lo_first = 0, lo, hi = frame->hi;
	bool first = true, last;

	if (fcs_len > 0) {
		fcs = rx_fcs(data, left);
		memcpy(copy, data, left);
		memcpy(copy + left, &fcs, fcs_len);
		left += fcs_len;
		data = copy;
	}
	if (rxq->strip && at != 0) {
		hi |= (uint64_t)be16(data + at + 2) << RX_VLAN_SHIFT;
		memmove(copy + at, data + at + TAG_LEN, left - at - TAG_LEN);
		memmove(copy, data, at);
		left -= TAG_LEN;
		data = copy;
	}
	if (rxq->split)
		in_header = rx_split(nic, rxq, frame, left, &lo_first, &hi);
	if (in_header > 0 && !rx_put_header(nic, rxq, batch, data, in_header))
		return false;
	for (left -= in_header, data += in_header; first || left > 0; left -= len, data += len) {
		last = left <= rxq->buf_size;
		len = last ? left : rxq->buf_size;
		lo = (first ? lo_first : 0) | frame->lo;
		if (!rx_put(nic, rxq, batch, data, len, lo, last ? hi : RX_DD)) {
			batch->nb_slots = nb_slots;
			batch->head = head;
			batch->bytes = bytes;
			return false;
		}
		first = false;
	}
	return true;
}

/* Count the frames of a batch, and their bytes in host memory. */
static inline void
rx_count(struct nic *nic, unsigned int q, const struct rx_batch *batch)
{
	const unsigned int stat = stat_index(nic, NIC_RQSMR, q), nb = batch->nb_frames;

	nic->counts.rx_bytes += batch->bytes - nb * rx_fcs_len(nic);
	nic->counts.desc_reads += batch->nb_slots;
	nic->counts.pcie_up += batch->pcie;
	nic->counts.pcie_down += pcie_bytes(batch->nb_slots * sizeof(struct desc));
	nic->counts.rx_packets += nb;
	nic->stat[STAT_QPRC + stat] += nb;
	nic->stat[STAT_QBRC + stat] += batch->bytes;
	nic->stat[STAT_RXDGPC] += nb;
	nic->stat[STAT_RXDGBC] += batch->bytes;
}

/* Put frames into the batch, as many as fit into owned descriptors. @return as rx_put() */
static bool
rx_fill(struct nic *nic, struct nic_rxq *rxq, struct rx_batch *batch,
	const struct rx_frame *frames, unsigned int n, uint32_t owned)
{
	const uint32_t fcs_len = rx_fcs_len(nic);
	/* frames up to this length are stored unchanged, in one piece */
	const uint32_t whole = fcs_len == 0 && !rxq->strip && !rxq->split ? rxq->buf_size : 0;
	const struct rx_frame *frame;
	unsigned int room, left, nb;

	for (; batch->nb_frames < n; batch->nb_frames += nb) {
		frame = &frames[batch->nb_frames];
		left = n - batch->nb_frames;
		room = owned - batch->nb_slots;
		if (frame->len <= whole && room > 0) {
			nb = rx_put_whole(nic, rxq, batch, frame, left < room ? left : room, whole);
		} else {
			if (room * (uint64_t)rxq->buf_size < rx_stored_len(rxq, frame, fcs_len))
				return true;
			nb = rx_put_pieces(nic, rxq, batch, frame, fcs_len);
		}
		if (nb == 0)
			return false;
		for (unsigned int i = nb; nic->faults != 0 && i > 0; i--)
			rx_fault(nic, rxq, &batch->slots[batch->nb_slots - i]);
	}
	return true;
}

/* Write frames to a queue, as many as fit into its descriptors. @return their number */
static unsigned int
rx_deliver(struct nic *nic, unsigned int q, const struct rx_frame *frames, unsigned int n)
{
	struct nic_rxq *rxq = &nic->rxq[q];
	struct rx_batch batch;
	bool ok;

	batch.nb_frames = batch.nb_slots = 0;
	batch.head = rxq->ring.head;
	batch.bytes = 0;
	batch.pcie = PCIE_HEADER; /* the request for the descriptors */
	ok = rx_fill(nic, rxq, &batch, frames, n, rx_owned(nic, q));
	rxq->ring.head = batch.head;
	if (!ok) {
		/* 5.2.5: as after a master abort, the queue stops */
		nic->counts.dma_refused++;
		rxq_disable(nic, q);
	}
	if (batch.nb_slots == 0)
		return 0;
	rx_publish(nic, rxq, batch.slots, batch.nb_slots);
	irq_rx(nic, q);
	rx_count(nic, q, &batch);
	return batch.nb_frames;
}

/* 8.2.3.23.75: a queue that is not enabled loses its frames at once. */
static bool
rx_is_off(const struct nic *nic, unsigned int q)
{
	return !(nic->rxq[q].rxdctl & NIC_RXDCTL_ENABLE);
}

/* 8.2.3.8.7, 8.2.3.27.11: so does a queue without descriptors, if DROP_EN or QDE is set. */
static bool
rx_drops(const struct nic *nic, unsigned int q)
{
	return rx_is_off(nic, q) || nic->qde[q / 64] >> q % 64 & 1 ||
	       reg_get(nic, rxq_reg(q, NIC_SRRCTL)) & NIC_SRRCTL_DROP_EN;
}

/* There is no descriptor for the first frame. Does it wait, and all frames behind it with it? A
 * lossless wire waits even for a queue that would drop the frame. */
static bool
rx_waits(const struct nic *nic, unsigned int q)
{
	return !rx_is_off(nic, q) &&
	       (!rx_drops(nic, q) || (nic->wire != NULL && nic->wire->lossless));
}

/* Count nb frames for which the packet buffer has no room. */
static void
rx_lose(struct nic *nic, unsigned int n)
{
	nic->stat[STAT_RXMPC] += n;
	nic->counts.rx_missed += n;
	irq_raise(nic, NIC_EICR_RX_MISS);
}

/* Count frames that were steered to a queue, and lost there. */
static void
rx_drop(struct nic *nic, unsigned int q, unsigned int n)
{
	nic->stat[STAT_QPRDC + stat_index(nic, NIC_RQSMR, q)] += n;
	nic->counts.rx_missed += n;
}

/* Fill in the write-back of a frame, and its queue. hi: the bits that are known already */
static void
rx_describe(struct nic *nic, struct rx_frame *frame, const struct wire_frame *from, uint64_t hi)
{
	struct headers h;

	headers_parse(nic, from->data, from->len, &h);
	*frame = (struct rx_frame){ from->data, from->len, .tag_at = h.tag_at, .lo = h.type,
				    .hi = hi };
	if (h.tag_at != 0)
		frame->hi |= RX_VP;
	if (h.outer_tag_at != 0)
		frame->hi |= RX_VEXT;
	rxcsum_frame(nic, frame, &h);
	if (!nic->steer.off)
		steer_frame(nic, frame, &h);
}

/* The same for n frames that the wire generated, and that do not differ for the MAC. */
static void
rx_describe_made(struct nic *nic, struct rx_frame *frames, const struct wire_frame *from,
		 unsigned int n, uint64_t hi)
{
	static const struct headers h = {
		.type = RX_PTYPE_IPV4 | RX_PTYPE_UDP, .ethertype = 0x0800, .proto = 17,
		.l3 = 14, .inner = 14, .l4 = 34,
	};

	hi |= RX_IPCS | RX_L4CS | RX_UDPCS;
	for (unsigned int i = 0; i < n; i++)
		frames[i] = (struct rx_frame){ from[i].data, from[i].len, .lo = h.type, .hi = hi };
	for (unsigned int i = 0; i < n && !nic->steer.off; i++)
		steer_frame(nic, &frames[i], &h);
}

/* Check a frame as the MAC does, and count its error. @return false if it has none */
static bool
rx_mac_error(struct nic *nic, const struct wire_frame *frame, uint32_t max_len)
{
	uint32_t len = frame->len + FCS_LEN, data_len = be16(frame->data + 12);

	if (len < MIN_FRAME) {
		nic->stat[STAT_RUC]++;
		return true;
	}
	/* 8.2.3.22.13: a VLAN tag is allowed in addition (with double VLAN, two for all frames) */
	if (data_len == nic->filter.vet && !nic->filter.extended_vlan)
		max_len += TAG_LEN;
	if (len > max_len) {
		nic->stat[STAT_ROC]++;
		return true;
	}
	/* IEEE 802.3, 3.2.6: the field is the length of data; only short frames are padded */
	if (data_len > MAX_LENGTH || !(reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXLNGTHERREN) ||
	    data_len == len - 18 || (len == MIN_FRAME && data_len < len - 18))
		return false;
	nic->stat[STAT_RLEC]++;
	return true;
}

/* 8.2.3.7.1, SBP: a bad frame that passes the filters is stored, too, and marked. Its headers are
 * not trusted, so it goes to queue 0. INTERPRETATION (MISSING): the data sheet does not say whether
 * this includes frames that are too long. Here the MAC always drops them, as MAXFRS demands. */
static bool
rx_store_bad(struct nic *nic, const struct wire_frame *bad, uint32_t max_len,
	     struct rx_frame *frame)
{
	uint8_t head[MIN_FRAME] = { 0 };
	enum filter_verdict verdict;

	if (!(reg_get(nic, NIC_FCTRL) & NIC_FCTRL_SBP) || bad->len + FCS_LEN > max_len)
		return false;
	memcpy(head, bad->data, bad->len < sizeof(head) ? bad->len : sizeof(head));
	verdict = filter_address(nic, head); /* a bad pause frame has no effect */
	*frame = (struct rx_frame){
		.data = bad->data, .len = bad->len, .hi = RX_RXE | RX_EOP | verdict,
	};
	return verdict != FILTER_REFUSED;
}

/* Take frames from the wire through the MAC's filters (7.1.1). Those that pass are in nic->fifo
 * then, and still on the wire. @return the number of frames taken */
static unsigned int
rx_mac(struct nic *nic)
{
	struct wire_frame frames[WIRE_BURST];
	/* 8.2.3.22.8, 8.2.3.22.13: MFS counts the FCS */
	uint32_t max_len = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_JUMBOEN ?
			   reg_get(nic, NIC_MAXFRS) >> NIC_MAXFRS_MFS_SHIFT : MAX_FRAME;
	const uint32_t max_stored = packet_buffer_size(nic);
	uint64_t right_bytes = 0, bad_bytes = 0, good_bytes = 0;
	struct rx_frame *frame = nic->fifo;
	enum filter_verdict verdict;
	unsigned int n, right = 0, good = 0, too_large = 0, i, run;
	uint32_t len;
	bool made;

	n = nic->wire->ops->peek(nic->wire, frames, WIRE_BURST);
	if (n == 0)
		return 0;
	if (nic->filter.stale)
		filter_rebuild(nic);
	if (nic->filter.extended_vlan)
		max_len += 2 * TAG_LEN;
	for (i = 0; i < n; i += run) {
		run = 1;
		len = frames[i].len + FCS_LEN;
		if ((len < MIN_FRAME || len > max_len || frames[i].data[12] <= MAX_LENGTH >> 8) &&
		    rx_mac_error(nic, &frames[i], max_len)) {
			bad_bytes += frames[i].len;
			if (len <= max_stored && rx_store_bad(nic, &frames[i], max_len, frame))
				frame++;
			continue;
		}
		made = frames[i].made != 0 && nic->steer.plain;
		if (made)
			run = frames[i].made;
		right += run;
		right_bytes += run * (uint64_t)frames[i].len;
		verdict = filter_frame(nic, frames[i].data);
		if (verdict == FILTER_REFUSED)
			continue;
		good += run;
		good_bytes += run * (uint64_t)frames[i].len;
		stats_rx_frames(nic, frames[i].data, len, run);
		if (len > max_stored) {
			too_large += run;
			continue;
		}
		if (made)
			rx_describe_made(nic, frame, &frames[i], run, RX_EOP | verdict);
		else
			rx_describe(nic, frame, &frames[i], RX_EOP | verdict);
		frame += run;
	}
	nic->fifo_len = frame - nic->fifo;
	stats_rx_total(nic, n, right_bytes + bad_bytes);
	stats_rx_right(nic, right, right_bytes);
	stats_rx_good(nic, good, good_bytes);
	nic->counts.rx_filtered += n - nic->fifo_len - too_large;
	if (too_large > 0)
		rx_lose(nic, too_large);
	nic->fifo_wire = n;
	nic->fifo_single = nic->steer.off;
	return n;
}

void
rx_prefetch(struct nic *nic)
{
	uint32_t owned, share;

	for (unsigned int q = 0; q < nic->rx_end; q++) {
		owned = rx_owned(nic, q);
		share = (WIRE_BURST - 1) / nic->rx_end + 1; /* of the frames that may arrive */
		ring_prefetch(nic, &nic->rxq[q].ring, owned < share ? owned : share);
	}
}

/* Count frames that could not be written to a ring or buffer, because the driver gave an address
 * without memory. */
static void
rx_refused(struct nic *nic, unsigned int q, unsigned int n)
{
	if (rx_drops(nic, q))
		rx_drop(nic, q, n);
	else
		rx_lose(nic, n);
}

/* Frames leave in the order of their arrival: none overtakes a frame that waits for a descriptor,
 * not even one of another queue (8.2.3.8.7, DROP_EN). Write frames from the first one on as long as
 * there are descriptors, those of a queue together. @return the number of frames that are done */
static unsigned int
rx_dispatch(struct nic *nic, const struct rx_frame *fifo, unsigned int len)
{
	const uint32_t fcs_len = rx_fcs_len(nic);
	struct rx_frame frames[WIRE_BURST];
	uint32_t room[NIC_QUEUES];
	uint64_t known[NIC_QUEUES / 64] = { 0 }; /* queues whose room was looked up */
	uint64_t waits = 0;                      /* frames to write out, by place in the FIFO */
	const struct nic_rxq *rxq;
	unsigned int done, i, n, q;
	uint32_t need;

	for (done = 0; done < len; done++) {
		q = fifo[done].queue;
		rxq = &nic->rxq[q];
		if (!(known[q / 64] >> q % 64 & 1))
			room[q] = rx_owned(nic, q);
		known[q / 64] |= UINT64_C(1) << q % 64;
		need = rx_stored_len(rxq, &fifo[done], fcs_len) + rxq->buf_size - 1;
		if (room[q] == 0 || need / rxq->buf_size > room[q]) {
			if (rx_waits(nic, q))
				break;
			rx_drop(nic, q, 1);
			continue;
		}
		room[q] -= need / rxq->buf_size;
		waits |= UINT64_C(1) << done;
	}
	while (waits != 0) {
		q = fifo[__builtin_ctzll(waits)].queue;
		for (n = 0, i = __builtin_ctzll(waits); i < done; i++) {
			if (!(waits >> i & 1) || fifo[i].queue != q)
				continue;
			frames[n++] = fifo[i];
			waits &= ~(UINT64_C(1) << i);
		}
		n -= rx_deliver(nic, q, frames, n);
		if (n > 0)
			rx_refused(nic, q, n);
	}
	return done;
}

/* The same when all frames are for queue 0. */
static unsigned int
rx_dispatch_single(struct nic *nic, const struct rx_frame *fifo, unsigned int len)
{
	unsigned int done = 0, taken;

	while (done < len) {
		taken = rx_deliver(nic, 0, &fifo[done], len - done);
		if (taken == 0) {
			if (rx_waits(nic, 0))
				break;
			rx_drop(nic, 0, len - done);
			taken = len - done;
		}
		done += taken;
	}
	return done;
}

/* Write the frames that wait in the packet buffer to their queues. A call writes more than the wire
 * brings in that time, so that the buffer becomes empty, and frames need not pass through it. */
static unsigned int
rx_drain(struct nic *nic)
{
	struct rx_frame frames[WIRE_BURST];
	unsigned int moved = 0, n, done;

	for (unsigned int burst = 0; burst < 4 && nic->buffer.fill > 0; burst++) {
		n = packet_buffer_peek(nic, frames, WIRE_BURST);
		done = rx_dispatch(nic, frames, n);
		packet_buffer_drop(nic, done);
		moved += done;
		if (done < n)
			break;
	}
	return moved;
}

/* Remove the frames from the wire that the MAC is done with. */
static void
rx_consume(struct nic *nic)
{
	if (nic->fifo_wire > 0)
		nic->wire->ops->consume(nic->wire, nic->fifo_wire);
	nic->fifo_wire = nic->fifo_len = nic->fifo_next = 0;
}

/* Frames without a descriptor go from the wire into the packet buffer, or are lost. When a pause
 * frame is due, frames of a wire that obeys pause frames stay on the wire. */
static void
rx_store(struct nic *nic, bool minds_pause)
{
	unsigned int lost = 0;

	for (; nic->fifo_next < nic->fifo_len; nic->fifo_next++) {
		if (minds_pause && pause_wanted(nic))
			break;
		lost += !packet_buffer_put(nic, &nic->fifo[nic->fifo_next]);
	}
	if (lost > 0)
		rx_lose(nic, lost);
	if (nic->fifo_next == nic->fifo_len)
		rx_consume(nic);
}

void
rx_leave(struct nic *nic)
{
	rx_store(nic, false);
}

void
rx_reset(struct nic *nic)
{
	packet_buffer_clear(nic);
	rx_consume(nic);
}

/* 8.2.3.8.10 */
static bool
rx_is_enabled(const struct nic *nic)
{
	return reg_get(nic, NIC_RXCTRL) & NIC_RXCTRL_RXEN && !has_fault(nic, NIC_FAULT_GONE);
}

/* May the MAC take frames from the wire? It always does while there is a link: only pause frames
 * tell the far end to wait, and a wire that is its own far end obeys them here. A lossless wire
 * waits for the receiver. */
static bool
rx_listens(const struct nic *nic, bool enabled)
{
	const struct wire *wire = nic->wire;

	if (wire == NULL || !nic->link_up)
		return false;
	if (wire->source && nic->xoff)
		return false;
	if (!wire->lossless)
		return true;
	if (!enabled)
		return !wire->source;
	return nic->buffer.fill == 0 && (!wire->source || nic->rx_end > 0);
}

unsigned int
rx_poll(struct nic *nic, bool dma)
{
	const bool enabled = rx_is_enabled(nic);
	unsigned int moved = 0, done, left;

	if (dma && nic->buffer.fill > 0)
		moved = rx_drain(nic);
	if (nic->fifo_wire > 0 && !enabled)
		rx_leave(nic); /* of a lossless wire, which must not wait for this receiver */
	if (nic->fifo_wire == 0) {
		if (!rx_listens(nic, enabled))
			return moved;
		moved += rx_mac(nic);
		if (nic->fifo_wire == 0)
			return moved;
		/* INTERPRETATION (MISSING): 8.2.3.8.10 says that frames are ignored while RXEN is
		 * 0, but not whether they are counted. Here the counters of the MAC count them;
		 * the 82598's data sheet says that its counters do not. */
		if (!enabled) {
			nic->counts.rx_disabled += nic->fifo_len;
			nic->fifo_len = 0;
		}
	}
	if (dma && nic->buffer.fill == 0) {
		left = nic->fifo_len - nic->fifo_next;
		done = nic->fifo_single ?
		       rx_dispatch_single(nic, &nic->fifo[nic->fifo_next], left) :
		       rx_dispatch(nic, &nic->fifo[nic->fifo_next], left);
		nic->fifo_next += done;
		moved += done;
	}
	if (nic->fifo_next == nic->fifo_len)
		rx_consume(nic);
	else if (!nic->wire->lossless)
		rx_store(nic, nic->wire->source);
	return moved;
}

/*
 * Registers, 8.2.3.8
 */

uint32_t
write_rx_ring(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	      uint32_t value)
{
	return ring_write(nic, reg, i, nic->rxq[i].live, UINT32_MAX, before, value);
}

uint32_t
write_srrctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	return ring_write(nic, reg, i, nic->rxq[i].live,
			  NIC_SRRCTL_DESCTYPE | NIC_SRRCTL_BSIZEPACKET | NIC_SRRCTL_BSIZEHEADER,
			  before, value);
}

/* 8.2.3.27.11: as SRRCTL.DROP_EN, for the queue that the register names */
uint32_t
write_qde(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint32_t q = value >> NIC_QDE_INDEX_SHIFT & (NIC_QUEUES - 1);
	uint64_t bit = UINT64_C(1) << q % 64;

	if (value & NIC_QDE_WRITE && value & NIC_QDE_ENABLE)
		nic->qde[q / 64] |= bit;
	else if (value & NIC_QDE_WRITE)
		nic->qde[q / 64] &= ~bit;
	value &= ~(NIC_QDE_WRITE | NIC_QDE_READ | NIC_QDE_ENABLE);
	return value | (nic->qde[q / 64] & bit ? NIC_QDE_ENABLE : 0);
}

uint32_t
read_rdh(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic->rxq[i].live ? nic->rxq[i].ring.head : reg_get(nic, rxq_reg(i, NIC_RDH));
}

uint32_t
write_rdh(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return !nic->rxq[i].live ? value :
	       head_write(nic, reg, i, nic->rxq[i].ring.head, reg_get(nic, rxq_reg(i, NIC_RDT)),
			  value);
}

uint32_t
write_rdt(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	nic->counts.rdt_writes++;
	return tail_write(nic, reg, i, nic->rxq[i].rxdctl & NIC_RXDCTL_ENABLE, value);
}

void
rxdctl_changed(struct nic *nic, unsigned int q, uint32_t value)
{
	uint32_t before = nic->rxq[q].rxdctl;

	value &= ~NIC_RXDCTL_SWFLSH; /* no write-back is delayed: nothing to flush */
	if (value & ~before & NIC_RXDCTL_ENABLE) {
		if (!nic->direct) /* else the driver may have written a newer tail */
			reg_put(nic, rxq_reg(q, NIC_RDT), 0);
		rxq_enable(nic, q);
		if (!nic->rxq[q].live)
			value &= ~NIC_RXDCTL_ENABLE;
	} else if (before & ~value & NIC_RXDCTL_ENABLE) {
		rxq_disable(nic, q);
		reg_put(nic, rxq_reg(q, NIC_RDT), 0);
	}
	nic->rxq[q].rxdctl = value;
	nic->rxq[q].strip = value & NIC_RXDCTL_VME;
	reg_put(nic, rxq_reg(q, NIC_RXDCTL), value);
}

uint32_t
write_rxdctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	rxdctl_changed(nic, i, value);
	return nic->rxq[i].rxdctl;
}

/* Queues may be enabled while MAC and DMA have different settings for the FCS. They must be equal
 * when the receiver is on (8.2.3.8.8). */
uint32_t
write_rxctrl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	if ((value & ~before & NIC_RXCTRL_RXEN) &&
	    !!(reg_get(nic, NIC_RDRXCTL) & NIC_RDRXCTL_CRCSTRIP) !=
	    !!(reg_get(nic, NIC_HLREG0) & NIC_HLREG0_RXCRCSTRP) &&
	    nic_violation(nic, RULE_RX_CRC_STRIP, "RDRXCTL is 0x%08x, HLREG0 0x%08x",
			  reg_get(nic, NIC_RDRXCTL), reg_get(nic, NIC_HLREG0)))
		return before;
	return value;
}
