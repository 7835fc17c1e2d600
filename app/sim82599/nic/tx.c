/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Transmit, data sheet 7.2: descriptors of a queue into frames on the wire, and
 * the write-back of those that ask for it. */

#include "desc.h"

#define TX_MAX_DESCS 40 /* of one frame, 7.2.3.4 */
#define TX_MIN_FRAME 17 /* bytes, 7.2.3.2.4 */
#define TX_PAD_FRAME 60 /* without FCS, with HLREG0.TXPADEN */

/* Frames of one queue that go out together. */
struct tx_batch {
	struct wire_frame frames[WIRE_BURST];
	uint32_t next[WIRE_BURST];     /* the head once the frame is out */
	uint32_t nb_frames;
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

/*
 * The frame that starts at descriptor i, of which the driver has given n.
 * @return descriptors that it takes (a context descriptor stands for itself), or 0: not yet
 * whole, no room left in the batch, or the queue stands still, as hardware would after such a
 * descriptor. A frame that is not to be sent leaves no trace in batch->frames.
 */
static uint32_t
tx_gather(struct nic *nic, unsigned int q, uint32_t i, uint32_t n, struct tx_batch *batch)
{
	const struct nic_host_ops *ops = nic->config.host_ops;
	struct nic_txq *txq = &nic->txq[q];
	const uint8_t *pieces[TX_MAX_DESCS];
	uint32_t lens[TX_MAX_DESCS];
	struct desc *line = NULL, *desc;
	uint32_t used, nb = 0, len = 0, paylen = 0, k;
	bool unsupported = false;
	uint8_t *room;
	uint64_t hi = 0;

	for (used = 0; !(hi & TX_EOP); i = ring_next(i, txq->size)) {
		if (used == n)
			return 0;
		if (line == NULL || i % DESC_LINE == 0)
			line = desc_line(nic, txq->base, i & ~(DESC_LINE - 1));
		if (line == NULL)
			goto refused;
		desc = &line[i % DESC_LINE];
		hi = atomic_load_explicit(&desc->hi, memory_order_relaxed);
		used++;
		if (hi & TX_DEXT) {
			if (TX_DTYP(hi) == TX_DTYP_CONTEXT) {
				/* stands alone, before a frame: nothing here needs it */
				if (nb == 0)
					return used;
				nic_violation(nic, RULE_TX_DTYP, "context inside a frame, queue %u", q);
				txq_disable(nic, q);
				return 0;
			}
			if (TX_DTYP(hi) != TX_DTYP_DATA) {
				nic_violation(nic, RULE_TX_DTYP, "DTYP %u, queue %u",
					      (unsigned int)TX_DTYP(hi), q);
				txq_disable(nic, q);
				return 0;
			}
			if ((hi & TX_RESERVED_DATA) != 0)
				nic_violation(nic, RULE_RESERVED_DESC, "0x%016llx, queue %u",
					      (unsigned long long)hi, q);
			if (nb == 0)
				paylen = TX_PAYLEN(hi);
			unsupported |= (hi & (TX_TSE | TX_VLE)) != 0 || TX_POPTS(hi) != 0;
		} else {
			unsupported |= (hi & (TX_VLE | TX_IC)) != 0;
		}
		if (nb == TX_MAX_DESCS) {
			nic_violation(nic, RULE_TX_DESCRIPTORS, "queue %u", q);
			txq_disable(nic, q);
			return 0;
		}
		lens[nb] = TX_LEN(hi);
		if (lens[nb] == 0 || len + lens[nb] > WIRE_MAX_FRAME) {
			nic_violation(nic, RULE_TX_LENGTH, "a buffer of %u bytes in a frame of %u, queue %u",
				      lens[nb], len + lens[nb], q);
			txq_disable(nic, q);
			return 0;
		}
		pieces[nb] = ops->dma(nic->config.host, desc->lo, lens[nb], false);
		if (pieces[nb] == NULL)
			goto refused;
		len += lens[nb++];
	}
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

	if (nb > 1 || (len < TX_PAD_FRAME && (reg_get(nic, NIC_HLREG0) & NIC_HLREG0_TXPADEN))) {
		uint32_t at = 0, total = len < TX_PAD_FRAME ? TX_PAD_FRAME : len;

		if (batch->room_used + total > sizeof(batch->room))
			return 0;
		room = &batch->room[batch->room_used];
		for (k = 0; k < nb && at < len; at += lens[k++])
			memcpy(room + at, pieces[k], lens[k] < len - at ? lens[k] : len - at);
		memset(room + len, 0, total - len);
		batch->room_used += total;
		pieces[0] = room;
		len = total;
	} else {
		__builtin_prefetch(pieces[0]);
	}
	batch->frames[batch->nb_frames++] = (struct wire_frame){ pieces[0], len };
	return used;

refused:
	/* 5.2.5: as after a master abort, the queue stands still */
	nic->counts.dma_refused++;
	txq_disable(nic, q);
	return 0;
}

/* Tell the driver that the descriptors up to, not including, end are done: by DD where RS asks
 * for it (7.2.3.5.1), or by the head (7.2.3.5.2). */
static void
tx_write_back(struct nic *nic, unsigned int q, uint32_t end)
{
	struct nic_txq *txq = &nic->txq[q];
	struct desc *line = NULL, *desc;
	bool asked = false;

	for (; txq->head != end; txq->head = ring_next(txq->head, txq->size)) {
		if (line == NULL || txq->head % DESC_LINE == 0)
			line = desc_line(nic, txq->base, txq->head & ~(DESC_LINE - 1));
		if (line == NULL)
			continue;
		desc = &line[txq->head % DESC_LINE];
		nic->counts.desc_reads++;
		if (!(desc->hi & TX_RS) || has_fault(nic, NIC_FAULT_TX_DD))
			continue;
		asked = true;
		if (txq->head_wb != 0)
			continue;
		/* INTERPRETATION (MISSING): 7.2.3.2.5 gives the other bits of a write-back as
		 * reserved: do not let a driver rely on finding its own there. */
		desc->lo = 0;
		atomic_store_explicit(&desc->hi, TX_STA_DD, memory_order_release);
		nic->counts.desc_writes++;
		nic->counts.pcie_up += pcie_bytes(sizeof(struct desc));
	}
	if (asked && txq->head_wb != 0) {
		_Atomic uint32_t *head = nic->config.host_ops->dma(nic->config.host, txq->head_wb,
								   sizeof(*head), true);

		if (head == NULL) {
			nic->counts.dma_refused++;
			return;
		}
		atomic_store_explicit(head, txq->head, memory_order_release);
		nic->counts.pcie_up += pcie_bytes(sizeof(*head));
	}
}

/* @return frames sent */
static unsigned int
tx_queue(struct nic *nic, unsigned int q, struct tx_batch *batch)
{
	struct nic_txq *txq = &nic->txq[q];
	uint32_t owned = tx_owned(nic, q), at = txq->head, used, before;
	unsigned int sent, i;

	if (owned == 0)
		return 0;
	batch->nb_frames = batch->room_used = 0;
	while (batch->nb_frames < WIRE_BURST && owned > 0) {
		before = batch->nb_frames;
		used = tx_gather(nic, q, at, owned, batch);
		if (used == 0)
			break;
		owned -= used;
		at = at + used >= txq->size ? at + used - txq->size : at + used;
		if (batch->nb_frames > before)
			batch->next[before] = at;
		else if (before == 0)
			tx_write_back(nic, q, at); /* context, or dropped: done at once */
		else
			batch->next[before - 1] = at; /* done together with the frame before */
	}
	if (batch->nb_frames == 0)
		return 0;
	sent = nic->wire->ops->send(nic->wire, batch->frames, batch->nb_frames);
	if (sent == 0)
		return 0;
	for (i = 0; i < sent; i++) {
		uint32_t len = batch->frames[i].len;

		stats_tx_good(nic, batch->frames[i].data, len + FCS_LEN);
		nic->counts.tx_bytes += len;
		nic->stat[STAT_QBTC + tx_stat_index(nic, q)] += len;
		nic->counts.pcie_up += 24;
		nic->counts.pcie_down += pcie_bytes(len);
	}
	nic->counts.tx_packets += sent;
	nic->stat[STAT_QPTC + tx_stat_index(nic, q)] += sent;
	nic->counts.pcie_up += 24;
	nic->counts.pcie_down += pcie_bytes(sent * sizeof(struct desc));
	tx_write_back(nic, q, batch->next[sent - 1]);
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
