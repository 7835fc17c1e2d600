/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Transmit, data sheet 7.2: descriptors of a queue into frames on the wire, and
 * the write-back of those that ask for it. */

#include "desc.h"

#define TX_MAX_DESCS 40 /* of one frame, 7.2.3.4 */
#define TX_MIN_FRAME 17 /* bytes, 7.2.3.2.4 */
#define TX_PAD_FRAME 60 /* without FCS, with HLREG0.TXPADEN */

/* Frames of one queue that go out together, and what is then written back. */
struct tx_batch {
	struct wire_frame frames[WIRE_BURST];
	uint32_t next[WIRE_BURST];     /* the head once the frame is out */
	uint32_t nb_frames;
	struct {
		struct desc *desc;
		uint32_t frame;        /* done when so many frames are out */
	} report[2 * WIRE_BURST];      /* descriptors with RS, in order */
	uint32_t nb_reports;
	struct desc *line;             /* that the next descriptor is in, or NULL */
	/* frames that had to be put together: gathered, or padded */
	uint8_t room[2 * WIRE_MAX_FRAME];
	uint32_t room_used;
};

void
txq_enable(struct nic *nic, unsigned int q)
{
	struct nic_txq *txq = &nic->txq[q];
	uint64_t base = reg_get(nic, txq_reg(q, NIC_TDBAL)) |
			(uint64_t)reg_get(nic, txq_reg(q, NIC_TDBAH)) << 32;
	uint64_t head_wb = reg_get(nic, txq_reg(q, NIC_TDWBAL)) |
			   (uint64_t)reg_get(nic, txq_reg(q, NIC_TDWBAH)) << 32;
	uint32_t length = reg_get(nic, txq_reg(q, NIC_TDLEN));

	if (txq->live || has_fault(nic, NIC_FAULT_TXQ))
		return;
	if (!(reg_get(nic, NIC_DMATXCTL) & NIC_DMATXCTL_TE) &&
	    nic_violation(nic, RULE_TX_ENABLE, "TXDCTL[%u] with DMATXCTL 0x%08x", q,
			  reg_get(nic, NIC_DMATXCTL)))
		return;
	if (base % 128 != 0 && nic_violation(nic, RULE_RING_ALIGN, "TDBA[%u] is 0x%llx", q,
					     (unsigned long long)base))
		return;
	if (length == 0 || length % 128 != 0 || length > 1 << 20) {
		nic_violation(nic, RULE_RING_LENGTH, "TDLEN[%u] is %u", q, length);
		return;
	}
	/* 8.2.3.9.11: bit 0 of the low half enables it; the address is 16-byte aligned */
	if ((head_wb & NIC_TDWBAL_HEAD_WB_EN) && (head_wb & 0xc) != 0 &&
	    nic_violation(nic, RULE_HEAD_WB_ALIGN, "TDWBA[%u] is 0x%llx", q,
			  (unsigned long long)head_wb))
		return;

	*txq = (struct nic_txq){
		.live = true,
		.size = length / sizeof(struct desc),
		.base = base,
		.head_wb = head_wb & NIC_TDWBAL_HEAD_WB_EN ? head_wb & ~UINT64_C(3) : 0,
	};
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
	while (nic->tx_end > 0 && !nic->txq[nic->tx_end - 1].live)
		nic->tx_end--;
	nic->nb_live--;
}

/* Descriptors from the head up to, not including, the tail. */
static uint32_t
tx_owned(struct nic *nic, unsigned int q)
{
	struct nic_txq *txq = &nic->txq[q];
	uint32_t tail = tail_read(nic, txq_reg(q, NIC_TDT));

	if (tail >= txq->size) {
		if (txq->bad_tail != tail)
			nic_violation(nic, RULE_TAIL_RANGE, "TDT[%u] is %u of %u", q, tail, txq->size);
		txq->bad_tail = tail;
		return 0;
	}
	return tail >= txq->head ? tail - txq->head : tail + txq->size - txq->head;
}

/* 8.2.3.23.73: which of the 16 per-queue counters counts for this queue */
static unsigned int
tx_stat_index(const struct nic *nic, unsigned int q)
{
	return reg_get(nic, NIC_TQSM + q / 4 * 4) >> (q % 4 * 8) & 0xf;
}

/* 5.2.5: as after a master abort, the queue stands still. */
static uint32_t
tx_refused(struct nic *nic, unsigned int q)
{
	nic->counts.dma_refused++;
	txq_disable(nic, q);
	return 0;
}

/* What hardware would hang on: the queue stands still, too. */
#define TX_HANG(nic, q, rule, fmt, ...) \
	(nic_violation(nic, rule, fmt ", queue %u", ##__VA_ARGS__, q), txq_disable(nic, q), 0)

/* Frames from several buffers are put together, short ones padded. @return NULL: no room */
static const uint8_t *
tx_assemble(struct nic *nic, struct tx_batch *batch, const uint8_t *const *pieces,
	    const uint32_t *lens, uint32_t nb, uint32_t *len)
{
	uint32_t total = *len, at = 0, k, n;
	uint8_t *room = &batch->room[batch->room_used];

	if (total < TX_PAD_FRAME && (reg_get(nic, NIC_HLREG0) & NIC_HLREG0_TXPADEN))
		total = TX_PAD_FRAME;
	if (nb == 1 && total == *len)
		return pieces[0];
	if (batch->room_used + total > sizeof(batch->room))
		return NULL;
	for (k = 0; k < nb && at < *len; k++, at += n) {
		n = lens[k] < *len - at ? lens[k] : *len - at;
		memcpy(room + at, pieces[k], n);
	}
	memset(room + at, 0, total - at);
	batch->room_used += total;
	*len = total;
	return room;
}

/*
 * The frame that starts at descriptor i, of which the driver has given n.
 * @return descriptors that it takes (a context descriptor stands for itself), or 0: not yet
 * whole, no room left in the batch, or the queue stands still. A frame that is not to be sent
 * leaves no trace in batch->frames.
 */
static uint32_t
tx_gather(struct nic *nic, unsigned int q, uint32_t i, uint32_t n, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	const uint8_t *pieces[TX_MAX_DESCS], *frame;
	uint32_t lens[TX_MAX_DESCS];
	struct desc *line = NULL, *desc;
	uint32_t used, nb = 0, len = 0, paylen = 0, nb_reports = batch->nb_reports;
	bool unsupported = false;
	uint64_t hi = 0;

	for (used = 0; !(hi & TX_EOP); i = ring_next(i, txq->size)) {
		if (used == n)
			return 0;
		if (line == NULL || i % DESC_LINE == 0)
			line = desc_line(nic, &txq->ring, txq->base, i);
		if (line == NULL)
			return tx_refused(nic, q);
		desc = &line[i % DESC_LINE];
		hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);
		used++;
		if (hi & TX_RS) {
			if (nb_reports == sizeof(batch->report) / sizeof(batch->report[0]))
				return 0;
			batch->report[nb_reports].desc = desc;
			batch->report[nb_reports++].frame = batch->nb_frames + 1;
		}
		if (!(hi & TX_DEXT)) {
			unsupported |= (hi & (TX_VLE | TX_IC)) != 0;
		} else if (TX_DTYP(hi) == TX_DTYP_DATA) {
			if ((hi & TX_RESERVED_DATA) != 0)
				nic_violation(nic, RULE_RESERVED_DESC, "0x%016llx, queue %u",
					      (unsigned long long)hi, q);
			if (nb == 0)
				paylen = TX_PAYLEN(hi);
			unsupported |= (hi & (TX_TSE | TX_VLE)) != 0 || TX_POPTS(hi) != 0;
		} else if (TX_DTYP(hi) == TX_DTYP_CONTEXT && nb == 0) {
			break; /* stands alone, before a frame: nothing here needs it */
		} else {
			return TX_HANG(nic, q, RULE_TX_DTYP, "DTYP %u after %u buffers",
				       (unsigned int)TX_DTYP(hi), nb);
		}
		if (nb == TX_MAX_DESCS)
			return TX_HANG(nic, q, RULE_TX_DESCRIPTORS, "a frame of more");
		lens[nb] = TX_LEN(hi);
		if (lens[nb] == 0 || len + lens[nb] > WIRE_MAX_FRAME)
			return TX_HANG(nic, q, RULE_TX_LENGTH, "a buffer of %u bytes in a frame of %u",
				       lens[nb], len + lens[nb]);
		pieces[nb] = dma_read(nic, &nic->tx_buffers, desc->lo, lens[nb]);
		if (pieces[nb] == NULL)
			return tx_refused(nic, q);
		__builtin_prefetch(pieces[nb]);
		len += lens[nb++];
	}
	batch->nb_reports = nb_reports;
	if (nb == 0)
		return used;
	if ((hi & TX_DEXT) && paylen != len && nic_violation(nic, RULE_TX_PAYLEN,
				"PAYLEN %u, buffers %u, queue %u", paylen, len, q))
		return used;
	/* INTERPRETATION (MISSING): without IFCS the driver has written the FCS itself; the wire
	 * carries none, so it is taken off unchecked. */
	if (!(hi & TX_IFCS))
		len = len > FCS_LEN ? len - FCS_LEN : 0;
	if (len < TX_MIN_FRAME) {
		nic_violation(nic, RULE_TX_LENGTH, "a frame of %u bytes, queue %u", len, q);
		return used;
	}
	if (unsupported) {
		nic->counts.tx_unsupported++;
		return used;
	}
	frame = tx_assemble(nic, batch, pieces, lens, nb, &len);
	if (frame == NULL)
		return 0;
	batch->frames[batch->nb_frames++] = (struct wire_frame){ frame, len };
	return used;
}

/* Most frames are plain: one buffer, nothing but to be sent. @return as tx_gather(), which does
 * all others, and those that something is wrong with. */
static inline uint32_t
tx_plain(struct nic *nic, unsigned int q, uint32_t i, uint32_t n, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	struct desc *desc;
	const uint8_t *frame;
	uint64_t hi;
	uint32_t len;

	if (i % DESC_LINE == 0 || batch->line == NULL)
		batch->line = desc_line(nic, &txq->ring, txq->base, i);
	if (batch->line == NULL)
		return tx_refused(nic, q);
	desc = &batch->line[i % DESC_LINE];
	hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);
	len = TX_LEN(hi);
	if ((hi & TX_PLAIN_MASK) != TX_PLAIN || len != TX_PAYLEN(hi) || len < TX_PAD_FRAME ||
	    len > WIRE_MAX_FRAME || batch->nb_reports >= WIRE_BURST) {
		batch->line = NULL;
		return tx_gather(nic, q, i, n, batch);
	}
	frame = dma_read(nic, &nic->tx_buffers, desc->lo, len);
	if (frame == NULL)
		return tx_refused(nic, q);
	__builtin_prefetch(frame);
	batch->frames[batch->nb_frames++] = (struct wire_frame){ frame, len };
	if (hi & TX_RS) {
		batch->report[batch->nb_reports].desc = desc;
		batch->report[batch->nb_reports++].frame = batch->nb_frames;
	}
	return 1;
}

/* Tell the driver that the first nb frames of the batch are out and all before head is done: by
 * DD where RS asks for it (7.2.3.5.1), or by the head (7.2.3.5.2). */
static void
tx_write_back(struct nic *nic, unsigned int q, const struct tx_batch *batch, uint32_t nb,
	      uint32_t head)
{
	struct nic_txq *txq = &nic->txq[q];
	_Atomic uint32_t *head_wb;
	uint32_t i;

	nic->counts.desc_reads += head >= txq->head ? head - txq->head : head + txq->size - txq->head;
	txq->head = head;
	if (has_fault(nic, NIC_FAULT_TX_DD))
		return;
	for (i = 0; i < batch->nb_reports && batch->report[i].frame <= nb; i++) {
		if (txq->head_wb != 0)
			continue;
		/* INTERPRETATION (MISSING): 7.2.3.2.5 gives the other bits of a write-back as
		 * reserved: do not let a driver rely on finding its own there. */
		batch->report[i].desc->lo = 0;
		atomic_store_explicit(&batch->report[i].desc->hi, TX_STA_DD, memory_order_release);
		nic->counts.desc_writes++;
		nic->counts.pcie_up += pcie_bytes(sizeof(struct desc));
	}
	if (i > 0 && txq->head_wb != 0) {
		head_wb = dma_write(nic, &nic->tx_heads, txq->head_wb, sizeof(*head_wb));
		if (head_wb == NULL) {
			nic->counts.dma_refused++;
			return;
		}
		atomic_store_explicit(head_wb, head, memory_order_release);
		nic->counts.pcie_up += pcie_bytes(sizeof(*head_wb));
	}
	if (i > 0)
		irq_tx(nic, q);
}

/* @return frames sent */
static unsigned int
tx_queue(struct nic *nic, unsigned int q, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	uint32_t owned = tx_owned(nic, q), head = txq->head, used, before;
	unsigned int sent, i;
	uint64_t bytes = 0;

	if (owned == 0)
		return 0;
	desc_prefetch(nic, &txq->ring, txq->base, txq->size, head,
		      owned < WIRE_BURST ? owned : WIRE_BURST);
	batch->nb_frames = batch->nb_reports = batch->room_used = 0;
	batch->line = NULL;
	while (batch->nb_frames < WIRE_BURST && owned > 0) {
		before = batch->nb_frames;
		used = tx_plain(nic, q, head, owned, batch);
		if (used == 0)
			break;
		owned -= used;
		head = head + used >= txq->size ? head + used - txq->size : head + used;
		if (batch->nb_frames > before) {
			batch->next[before] = head;
			continue;
		}
		/* a context, or a frame that is not sent: done with the frame before it, or at once */
		for (i = batch->nb_reports; i > 0 && batch->report[i - 1].frame > before; i--)
			batch->report[i - 1].frame = before;
		if (before == 0) {
			tx_write_back(nic, q, batch, 0, head);
			batch->nb_reports = 0;
		} else {
			batch->next[before - 1] = head;
		}
	}
	if (batch->nb_frames == 0)
		return 0;
	sent = nic->wire->ops->send(nic->wire, batch->frames, batch->nb_frames);
	if (sent == 0)
		return 0;
	for (i = 0; i < sent; i++) {
		stats_tx_frame(nic, batch->frames[i].data, batch->frames[i].len + FCS_LEN);
		bytes += batch->frames[i].len;
		nic->counts.pcie_down += pcie_bytes(batch->frames[i].len);
	}
	stats_tx_good(nic, sent, bytes);
	nic->counts.tx_packets += sent;
	nic->counts.tx_bytes += bytes;
	nic->stat[STAT_QPTC + tx_stat_index(nic, q)] += sent;
	nic->stat[STAT_QBTC + tx_stat_index(nic, q)] += bytes;
	nic->counts.pcie_up += 24 * (sent + 1);
	nic->counts.pcie_down += pcie_bytes(sent * sizeof(struct desc));
	tx_write_back(nic, q, batch, sent, batch->next[sent - 1]);
	return sent;
}

unsigned int
tx_poll(struct nic *nic)
{
	struct tx_batch batch;
	unsigned int moved = 0, q;

	/* Without a link frames wait in their queue (3.7.4). */
	if (nic->wire == NULL || !nic->link_up || !(reg_get(nic, NIC_DMATXCTL) & NIC_DMATXCTL_TE))
		return 0;
	for (q = 0; q < nic->tx_end; q++)
		if (nic->txq[q].live)
			moved += tx_queue(nic, q, &batch);
	if (moved == 0 && nic->direct)
		for (q = 0; q < nic->tx_end; q++)
			if (nic->txq[q].live && reg_get(nic, txq_reg(q, NIC_TDH)) != nic->txq[q].head)
				reg_put(nic, txq_reg(q, NIC_TDH), nic->txq[q].head);
	return moved;
}
