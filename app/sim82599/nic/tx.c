/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Transmit, data sheet 7.2: the frames of a queue's descriptors are put on the wire, and the
 * descriptors that request it are written back. */

#include "desc.h"
#include "irq.h"
#include "stats.h"
#include "tx.h"
#include "tx_offload.h"

#define NO_TAIL       UINT32_MAX
#define TX_REPORTS    (2 * WIRE_BURST)
#define TX_MAX_DTALEN (16u << 10) /* 7.2.3.2.4, of one buffer */
/* PAYLEN has 18 bits, and the headers come in addition (7.2.4.1). */
#define TX_MAX_MESSAGE ((1u << 18) - 1 + 512)

/* Frames of one queue that are sent together, and the write-backs that follow. */
struct tx_batch {
	struct wire_frame frames[WIRE_BURST];
	/* bits 31:0: the head after the frame was sent; bits 63:32: the number of segments that
	 * were sent of the message at this head */
	uint64_t next[WIRE_BURST];
	uint32_t nb_frames;
	struct {
		struct desc *desc;
		uint32_t frame;        /* done when this number of frames was sent */
	} report[TX_REPORTS];          /* descriptors with RS, in order */
	uint32_t nb_reports;
	bool contexts;                 /* there were context descriptors */
	uint64_t report_all;           /* TX_RS: as if each descriptor had it */
	/* frames that were built here: gathered, padded or changed */
	uint8_t room[4 * WIRE_MAX_FRAME];
	uint32_t room_used;
};

/* Latch head write-back from a queue's registers (8.2.3.9.11, 8.2.3.9.12), with the new value of
 * TXDCTL. @return false if a rule is broken, and the device is strict */
static bool
txq_head_wb(struct nic *nic, unsigned int q, uint32_t txdctl)
{
	uint64_t addr = reg_get(nic, txq_reg(q, NIC_TDWBAL)) |
			(uint64_t)reg_get(nic, txq_reg(q, NIC_TDWBAH)) << 32;

	if (!(addr & NIC_TDWBAL_HEAD_WB_EN)) {
		nic->txq[q].head_wb = 0;
		return true;
	}
	/* the address is 16-byte aligned */
	if ((addr & 0xc) != 0 &&
	    nic_violation(nic, RULE_HEAD_WB_ALIGN, "TDWBA[%u] is 0x%llx", q,
			  (unsigned long long)addr))
		return false;
	if ((txdctl & NIC_TXDCTL_WTHRESH) != 0 &&
	    nic_violation(nic, RULE_HEAD_WB_WTHRESH, "TXDCTL[%u] is 0x%08x", q, txdctl))
		return false;
	nic->txq[q].head_wb = addr & ~UINT64_C(3);
	return true;
}

/* The enable bit rises (8.2.3.9.10). */
static void
txq_enable(struct nic *nic, unsigned int q, uint32_t txdctl)
{
	struct nic_txq *txq = &nic->txq[q];
	uint64_t base = reg_get(nic, txq_reg(q, NIC_TDBAL)) |
			(uint64_t)reg_get(nic, txq_reg(q, NIC_TDBAH)) << 32;
	uint32_t length = reg_get(nic, txq_reg(q, NIC_TDLEN));
	uint32_t max = reg_get(nic, NIC_HLREG0) & NIC_HLREG0_JUMBOEN ?
		       reg_get(nic, NIC_MAXFRS) >> NIC_MAXFRS_MFS_SHIFT : MAX_FRAME;
	uint32_t room = reg_get(nic, NIC_TXPBSIZE), thresh = reg_get(nic, NIC_TXPBTHRESH) * 1024;

	if (txq->live || has_fault(nic, NIC_FAULT_TXQ))
		return;
	if (!(reg_get(nic, NIC_DMATXCTL) & NIC_DMATXCTL_TE) &&
	    nic_violation(nic, RULE_TX_ENABLE, "TXDCTL[%u] with DMATXCTL 0x%08x", q,
			  reg_get(nic, NIC_DMATXCTL)))
		return;
	if (!ring_allowed(nic, "TD", q, base, length))
		return;
	/* 8.2.3.9.16: data is fetched until the packet buffer is filled to the threshold; the
	 * largest frame must still have room. With DCB, too, all queues are taken for those of
	 * buffer 0. */
	if (room < thresh + max &&
	    nic_violation(nic, RULE_TX_PB_THRESH, "TXPBSIZE 0x%x, TXPBTHRESH %u KB, frames of %u",
			  room, thresh / 1024, max))
		return;

	/* 7.2.3.2.3: no context has been written. */
	*txq = (struct nic_txq){
		.ring = { .base = base, .size = ring_size(length) },
		.open_end = NO_TAIL,
	};
	txq->live = txq_head_wb(nic, q, txdctl);
	if (!txq->live)
		return;
	/* as for receive: see rxq_enable() */
	reg_put(nic, txq_reg(q, NIC_TDH), 0);
	if (nic->tx_end <= q)
		nic->tx_end = q + 1;
	nic->nb_live++;
}

void
txq_disable(struct nic *nic, unsigned int q)
{
	if (!nic->txq[q].live)
		return;
	nic->txq[q].live = false;
	reg_put(nic, txq_reg(q, NIC_TDH), nic->txq[q].ring.head);
	while (nic->tx_end > 0 && !nic->txq[nic->tx_end - 1].live)
		nic->tx_end--;
	nic->nb_live--;
}

/* Descriptors from the head up to, not including, the tail.
 * INTERPRETATION (MISSING): 8.2.3.9.9 does not say what a tail outside of the ring does. The head
 * never reaches it, and moves round the ring without end. A load generator uses this on silicon. */
static uint32_t
tx_owned(struct nic *nic, unsigned int q)
{
	struct nic_txq *txq = &nic->txq[q];

	if (!txq->live)
		return 0;
	return ring_owned(nic, &txq->ring, "TDT", q, txq_reg(q, NIC_TDT), true);
}

/* 5.2.5: as after a master abort, the queue stops. */
static uint32_t
tx_refused(struct nic *nic, unsigned int q)
{
	nic->counts.dma_refused++;
	txq_disable(nic, q);
	return 0;
}

/* A descriptor that hardware would hang on: the queue stops, too. */
#define TX_HANG(nic, q, rule, fmt, ...) \
	(nic_violation(nic, rule, fmt ", queue %u", ##__VA_ARGS__, q), txq_disable(nic, q), 0)

/* The tail is behind a context, or inside a frame: report it once for each tail, unless the tail is
 * outside of the ring. */
static uint32_t
tx_open_end(struct nic *nic, unsigned int q, uint32_t tail)
{
	if (nic->txq[q].ring.bad_tail != 0)
		return 0;
	if (nic->txq[q].open_end != tail)
		nic_violation(nic, RULE_TX_TAIL, "TDT[%u] is %u", q, tail);
	nic->txq[q].open_end = tail;
	return 0;
}

/* Memory to build a frame of len bytes. @return NULL if this batch has none left */
static uint8_t *
tx_room(struct tx_batch *batch, uint32_t len)
{
	uint8_t *room = &batch->room[batch->room_used];

	if (batch->room_used + len > sizeof(batch->room))
		return NULL;
	batch->room_used += len;
	return room;
}

static void
tx_add(struct tx_batch *batch, const uint8_t *data, uint32_t len)
{
	batch->frames[batch->nb_frames++] = (struct wire_frame){ .data = data, .len = len };
}

/* Put the frame, or its segments from the given one on, into the batch. @return the first segment
 * that the batch had no room for */
static uint32_t
tx_put(const struct nic *nic, const struct tx_frame *f, uint32_t segment, struct tx_batch *batch)
{
	uint32_t nb = tx_segments(f), len, padded;
	uint8_t *room;

	for (; segment < nb && batch->nb_frames < WIRE_BURST; segment++) {
		len = padded = tx_segment_len(f, segment);
		if (len < TX_PAD_FRAME && (reg_get(nic, NIC_HLREG0) & NIC_HLREG0_TXPADEN))
			padded = TX_PAD_FRAME;
		if (f->nb == 1 && len == padded && !tx_is_changed(f)) {
			tx_add(batch, f->pieces[0], len);
			continue;
		}
		room = tx_room(batch, padded);
		if (room == NULL)
			break;
		tx_build(nic, f, segment, room);
		memset(room + len, 0, padded - len);
		tx_add(batch, room, padded);
	}
	return segment;
}

/* Add the buffer of a data descriptor to a frame. @return false if the queue stops */
static bool
tx_piece(struct nic *nic, unsigned int q, struct tx_frame *f, uint64_t addr, uint64_t hi)
{
	uint32_t len = TX_LEN(hi);

	if (f->nb == 0)
		f->hi = hi;
	if (((hi & TX_DEXT) && TX_DTYP(hi) != TX_DTYP_DATA) || ((hi ^ f->hi) & TX_DEXT))
		return TX_HANG(nic, q, RULE_TX_DTYP, "0x%016llx after %u buffers",
			       (unsigned long long)hi, f->nb);
	/* INTERPRETATION (CONTRADICTION): 7.2.1.1 also gives the limit as 40 - WTHRESH - 2, but
	 * Intel's drivers use up to 40. */
	if (f->nb == TX_MAX_DESCS)
		return TX_HANG(nic, q, RULE_TX_DESCRIPTORS, "a frame of more");
	f->rs_inside |= (hi & TX_RS) && !(hi & TX_EOP);
	f->reserved |= (hi & (hi & TX_DEXT ? TX_RESERVED_DATA : TX_RESERVED_LEGACY)) != 0;
	if (len == 0 || len > TX_MAX_DTALEN ||
	    f->len + len > ((f->hi & TX_DEXT) && (f->hi & TX_TSE) ? TX_MAX_MESSAGE
								  : WIRE_MAX_FRAME))
		return TX_HANG(nic, q, RULE_TX_LENGTH, "a buffer of %u bytes in a frame of %u", len,
			       f->len + len);
	f->lens[f->nb] = len;
	f->pieces[f->nb] = dma_read(nic, &nic->tx_buffers, addr, len);
	if (f->pieces[f->nb] == NULL)
		return tx_refused(nic, q);
	__builtin_prefetch(f->pieces[f->nb]);
	f->len += len;
	f->nb++;
	return true;
}

/*
 * Put the frame that starts at descriptor i into the batch; the device owns n descriptors from
 * there on. A descriptor without a frame, which is a context or has no data, is taken alone.
 * @return the number of descriptors that are done after the batch is sent. It is 0 if the frame is
 * incomplete, the batch has no room, or the queue stops. A frame that must not be sent is not added
 * to batch->frames; of one that is segmented, the first segments may have been added.
 */
static uint32_t
tx_gather(struct nic *nic, unsigned int q, uint32_t i, uint32_t n, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	struct tx_frame f;
	struct desc *desc;
	uint32_t first = i, ahead = ring_distance(txq->ring.head, i, txq->ring.size);
	uint32_t used, nb_reports = batch->nb_reports, segment, k = batch->nb_frames;
	uint64_t hi = 0;

	f.nb = f.len = 0;
	f.rs_inside = f.reserved = false;
	f.again = ahead < txq->seen;
	for (used = 0; !(hi & TX_EOP); i = ring_next(i, txq->ring.size)) {
		if (used == n)
			return tx_open_end(nic, q, i);
		desc = ring_desc(nic, &txq->ring, i);
		if (desc == NULL)
			return tx_refused(nic, q);
		hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);
		used++;
		if (f.nb == 0 && (hi & TX_EOP) && TX_LEN(hi) == 0 &&
		    (!(hi & TX_DEXT) || TX_DTYP(hi) == TX_DTYP_DATA))
			break; /* 7.2.3.2.2: a null descriptor is not written back */
		if ((hi | batch->report_all) & TX_RS) {
			if (nb_reports == TX_REPORTS)
				return 0;
			batch->report[nb_reports++].desc = desc;
		}
		if ((hi & TX_DEXT) && TX_DTYP(hi) == TX_DTYP_CONTEXT && f.nb == 0) {
			tx_context(nic, q, desc, f.again);
			batch->contexts = true;
			if (n == 1)
				tx_open_end(nic, q, ring_next(i, txq->ring.size));
			break;
		}
		if (!tx_piece(nic, q, &f, desc->lo, hi))
			return 0;
	}
	if (txq->seen < ahead + used)
		txq->seen = ahead + used;
	switch (f.nb == 0 ? TX_SKIP : tx_check(nic, q, &f)) {
	case TX_STUCK:
		txq_disable(nic, q);
		return 0;
	case TX_SEND:
		segment = tx_put(nic, &f, ahead == 0 ? txq->segment : 0, batch);
		for (; k < batch->nb_frames; k++)
			batch->next[k] = first |
				(uint64_t)(segment - (batch->nb_frames - k) + 1) << 32;
		if (segment < tx_segments(&f))
			return 0;
		break;
	case TX_SKIP:
		break;
	}
	while (batch->nb_reports < nb_reports)
		batch->report[batch->nb_reports++].frame = batch->nb_frames;
	return used;
}

/* Put plain frames into the batch: one buffer, no offload. Most frames are plain.
 * @return the number of the n descriptors from i on up to the first that is not plain, the ring's
 * end, or the end of the batch. Not inlined: the loop needs all registers. */
static __attribute__((noinline)) uint32_t
tx_plain(struct nic *nic, unsigned int q, uint32_t i, uint32_t n, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	const uint64_t report_all = batch->report_all;
	struct wire_frame *frame = &batch->frames[batch->nb_frames];
	uint64_t *next = &batch->next[batch->nb_frames];
	uint64_t hi, alike = TX_RS; /* equal to the last plain one, as most are; at first to none */
	const uint8_t *data;
	struct desc *desc;
	uint32_t len = 0, nb;

	if (n > WIRE_BURST - batch->nb_frames)
		n = WIRE_BURST - batch->nb_frames;
	if (n > TX_REPORTS - batch->nb_reports)
		n = TX_REPORTS - batch->nb_reports;
	desc = ring_descs(nic, &txq->ring, i, &n);
	if (desc == NULL)
		return tx_refused(nic, q);
	for (nb = 0; nb < n; nb++, desc++) {
		hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);
		if ((hi & ~TX_RS) != alike) {
			len = TX_LEN(hi);
			if ((hi & TX_PLAIN_MASK) != TX_PLAIN || len != TX_PAYLEN(hi) ||
			    len < TX_PAD_FRAME || len > WIRE_MAX_FRAME - FCS_LEN)
				break;
			alike = hi & ~TX_RS;
		}
		data = dma_read(nic, &nic->tx_buffers, desc->lo, len);
		if (data == NULL) {
			tx_refused(nic, q);
			break;
		}
		__builtin_prefetch(data);
		frame[nb].data = data;
		frame[nb].len = len;
		next[nb] = i + nb + 1;
		if ((hi | report_all) & TX_RS) {
			batch->report[batch->nb_reports].desc = desc;
			batch->report[batch->nb_reports++].frame = batch->nb_frames + nb + 1;
		}
	}
	if (i + nb == txq->ring.size)
		next[nb - 1] = 0;
	batch->nb_frames += nb;
	return nb;
}

/* INTERPRETATION (MISSING): by 7.2.3.2.5, all bits of a write-back except DD are reserved. Here
 * they keep their value. On silicon, drivers work that fill a ring once and send it many times, or
 * that use it for receive, too. */
static inline void
tx_set_dd(struct desc *desc)
{
	uint64_t hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);

	atomic_store_explicit(&desc->hi, hi | TX_STA_DD, memory_order_release);
}

/* Report to the driver that the first nb frames of the batch were sent, and that all descriptors
 * before head are done: by DD in descriptors with RS (7.2.3.5.1), or by the head (7.2.3.5.2). */
static void
tx_write_back(struct nic *nic, unsigned int q, const struct tx_batch *batch, uint32_t nb,
	      uint64_t next)
{
	struct nic_txq *txq = &nic->txq[q];
	uint32_t head = (uint32_t)next;
	_Atomic uint32_t *head_wb;
	uint32_t i, done;

	done = ring_distance(txq->ring.head, head, txq->ring.size);
	nic->counts.desc_reads += done;
	txq->ring.head = head;
	if (!txq->live) /* it stopped; frames that were on their way are done */
		reg_put(nic, txq_reg(q, NIC_TDH), head);
	txq->segment = next >> 32;
	txq->seen -= txq->seen < done ? txq->seen : done;
	if (has_fault(nic, NIC_FAULT_TX_DD))
		return;
	for (i = 0; i < batch->nb_reports && batch->report[i].frame <= nb; i++) {
		if (txq->head_wb != 0)
			continue;
		tx_set_dd(batch->report[i].desc);
		nic->counts.desc_writes++;
		nic->counts.pcie_up += pcie_bytes(sizeof(struct desc));
	}
	if (i > 0 && txq->head_wb != 0) {
		head_wb = dma_write(nic, &nic->tx_heads, txq->head_wb, sizeof(*head_wb));
		if (head_wb == NULL) {
			tx_refused(nic, q);
			return;
		}
		atomic_store_explicit(head_wb, head, memory_order_release);
		nic->counts.pcie_up += pcie_bytes(sizeof(*head_wb));
	}
	if (i > 0)
		irq_tx(nic, q);
}

/*
 * A context takes effect when its descriptor is read, but the wire may not have taken the frames
 * before it. Then the contexts at the old head are restored, and the context descriptors up to the
 * new head take effect again.
 */
static void
tx_keep_contexts(struct nic *nic, unsigned int q, bool all, uint32_t head)
{
	struct nic_txq *txq = &nic->txq[q];
	struct desc *desc;
	uint64_t hi;
	uint32_t i;

	if (!all) {
		memcpy(txq->context, txq->kept, sizeof(txq->context));
		for (i = txq->ring.head; i != head; i = ring_next(i, txq->ring.size)) {
			desc = ring_desc(nic, &txq->ring, i);
			if (desc == NULL)
				break;
			hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);
			if ((hi & TX_DEXT) && TX_DTYP(hi) == TX_DTYP_CONTEXT)
				tx_context(nic, q, desc, true);
		}
	}
	memcpy(txq->kept, txq->context, sizeof(txq->kept));
}

/* @return the number of first frames that are counted alike: of one length, for one station */
static unsigned int
tx_alike(const struct wire_frame *frames, unsigned int n)
{
	const uint32_t len = frames[0].len;
	unsigned int run = 1;

	if (!(frames[0].data[0] & 1))
		while (run < n && frames[run].len == len && !(frames[run].data[0] & 1))
			run++;
	return run;
}

/* Count the first sent frames of the batch. */
static void
tx_count(struct nic *nic, unsigned int q, const struct tx_batch *batch, unsigned int sent)
{
	const unsigned int stat = stat_index(nic, NIC_TQSM, q);
	const struct wire_frame *frame;
	uint64_t bytes = 0;

	for (unsigned int i = 0, run; i < sent; i += run) {
		frame = &batch->frames[i];
		run = tx_alike(frame, sent - i);
		stats_tx_frames(nic, frame->data, frame->len + FCS_LEN, run);
		bytes += run * frame->len;
		nic->counts.pcie_down += run * pcie_bytes(frame->len);
	}
	stats_tx_good(nic, sent, bytes);
	nic->counts.tx_packets += sent;
	nic->counts.tx_bytes += bytes;
	nic->stat[STAT_QPTC + stat] += sent;
	nic->stat[STAT_QBTC + stat] += bytes;
	nic->counts.pcie_up += PCIE_HEADER * (sent + 1);
	nic->counts.pcie_down += pcie_bytes(sent * sizeof(struct desc));
}

/* @return the number of frames sent */
static unsigned int
tx_queue(struct nic *nic, unsigned int q, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	uint32_t owned = tx_owned(nic, q), head = txq->ring.head, used, before;
	unsigned int sent;

	if (owned == 0)
		return 0;
	batch->nb_frames = batch->nb_reports = batch->room_used = 0;
	batch->contexts = false;
	batch->report_all = txq->txdctl & NIC_TXDCTL_WTHRESH ? TX_RS : 0;
	while (batch->nb_frames < WIRE_BURST && owned > 0 && txq->live) {
		before = batch->nb_frames;
		used = tx_plain(nic, q, head, owned, batch);
		if (used == 0 && txq->live)
			used = tx_gather(nic, q, head, owned, batch);
		if (used == 0)
			break;
		owned -= used;
		head = ring_forward(head, used, txq->ring.size);
		if (batch->nb_frames > before) {
			batch->next[batch->nb_frames - 1] = head;
			continue;
		}
		/* A context, or a frame that is not sent, is done together with the frame
		 * before it, or at once if there is none. */
		if (before == 0) {
			if (batch->contexts)
				tx_keep_contexts(nic, q, true, head);
			batch->contexts = false;
			tx_write_back(nic, q, batch, 0, head);
			batch->nb_reports = 0;
		} else {
			batch->next[before - 1] = head;
		}
	}
	if (batch->nb_frames == 0)
		return 0;
	sent = nic->wire->ops->send(nic->wire, batch->frames, batch->nb_frames);
	if (batch->contexts)
		tx_keep_contexts(nic, q, sent == batch->nb_frames,
				 sent == 0 ? txq->ring.head : (uint32_t)batch->next[sent - 1]);
	if (sent == 0)
		return 0;
	tx_count(nic, q, batch, sent);
	tx_write_back(nic, q, batch, sent, batch->next[sent - 1]);
	return sent;
}

void
tx_prefetch(struct nic *nic)
{
	uint32_t owned;

	for (unsigned int q = 0; q < nic->tx_end; q++) {
		owned = tx_owned(nic, q);
		ring_prefetch(nic, &nic->txq[q].ring, owned < WIRE_BURST ? owned : WIRE_BURST);
	}
}

unsigned int
tx_poll(struct nic *nic)
{
	struct tx_batch batch;
	unsigned int moved = 0, q;

	/* Without a link, frames wait in their queue (3.7.4). */
	if (nic->wire == NULL || !nic->link_up || !(reg_get(nic, NIC_DMATXCTL) & NIC_DMATXCTL_TE))
		return 0;
	for (q = 0; q < nic->tx_end; q++)
		moved += tx_queue(nic, q, &batch);
	return moved;
}

/*
 * Registers, 8.2.3.9
 */

uint32_t
write_tx_ring(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	      uint32_t value)
{
	return ring_write(nic, reg, i, nic->txq[i].live, UINT32_MAX, before, value);
}

/* INTERPRETATION (MISSING): 4.6.8 sets up head write-back before it enables the queue. 8.2.3.9.11
 * and 8.2.3.9.12 do not forbid a later change. Here a change takes effect at once. */
uint32_t
write_tdwba(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	if (!nic->txq[i].live)
		return value;
	reg_put(nic, txq_reg(i, reg->offset), value);
	return txq_head_wb(nic, i, nic->txq[i].txdctl) ? value : before;
}

uint32_t
read_tdh(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return nic->txq[i].live ? nic->txq[i].ring.head : reg_get(nic, txq_reg(i, NIC_TDH));
}

uint32_t
write_tdh(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	return !nic->txq[i].live ? value :
	       head_write(nic, reg, i, nic->txq[i].ring.head, reg_get(nic, txq_reg(i, NIC_TDT)),
			  value);
}

uint32_t
write_tdt(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	nic->counts.tdt_writes++;
	return tail_write(nic, reg, i, nic->txq[i].txdctl & NIC_TXDCTL_ENABLE, value);
}

void
txdctl_changed(struct nic *nic, unsigned int q, uint32_t value)
{
	uint32_t before = nic->txq[q].txdctl;

	value &= ~NIC_TXDCTL_SWFLSH;
	if (value & ~before & NIC_TXDCTL_ENABLE) {
		if (!nic->direct) /* else the driver may have written a newer tail */
			reg_put(nic, txq_reg(q, NIC_TDT), 0);
		txq_enable(nic, q, value);
		if (!nic->txq[q].live)
			value &= ~NIC_TXDCTL_ENABLE;
	} else if (before & ~value & NIC_TXDCTL_ENABLE) {
		txq_disable(nic, q);
		reg_put(nic, txq_reg(q, NIC_TDT), 0);
	} else if (nic->txq[q].live && !txq_head_wb(nic, q, value)) {
		value = (value & ~NIC_TXDCTL_WTHRESH) | (before & NIC_TXDCTL_WTHRESH);
	}
	nic->txq[q].txdctl = value;
	reg_put(nic, txq_reg(q, NIC_TXDCTL), value);
}

uint32_t
write_txdctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	txdctl_changed(nic, i, value);
	return nic->txq[i].txdctl;
}
