/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>

#include "ixymin_rxtx.h"

/* A status that makes a packet has DD and EOP, and no error: with SBP off, the MAC lets no bad
 * frame pass, and with buffers as large as MAXFRS, no frame takes two. */
#define RX_GOOD    ((uint32_t)(IXYMIN_RXD_DD | IXYMIN_RXD_EOP))
#define RX_CHECKED (RX_GOOD | (uint32_t)IXYMIN_RXD_RXE)

static_assert(RTE_PTYPE_L3_IPV4 == IXYMIN_RXD_INFO_IPV4 &&
	      RTE_PTYPE_L3_IPV4_EXT == (IXYMIN_RXD_INFO_IPV4 | IXYMIN_RXD_INFO_IPV4E) &&
	      RTE_PTYPE_L3_IPV6 == IXYMIN_RXD_INFO_IPV6 &&
	      RTE_PTYPE_L3_IPV6_EXT == (IXYMIN_RXD_INFO_IPV6 | IXYMIN_RXD_INFO_IPV6E) &&
	      RTE_PTYPE_L4_TCP == IXYMIN_RXD_INFO_TCP && RTE_PTYPE_L4_UDP == IXYMIN_RXD_INFO_UDP &&
	      RTE_PTYPE_L4_SCTP == IXYMIN_RXD_INFO_SCTP, "packet types are not the 82599's");

/* DPDK's packet types are the 82599's, except for IPv6 in IPv4: then, only the outer header. */
static inline uint32_t
rx_packet_type(uint32_t info)
{
	bool tunnel = (info & RTE_PTYPE_L3_IPV4) && (info & RTE_PTYPE_L3_IPV6);

	return RTE_PTYPE_L2_ETHER | (info & (tunnel ? RTE_PTYPE_L3_IPV4_EXT : IXYMIN_RXD_INFO_HEADERS));
}

/* Put fresh buffers where some are missing, until at most max_empty are. If the pool is empty
 * they stay missing, and the next burst tries again. @return whether there are new ones */
static bool
rx_refill(struct ixymin_rxq *rxq, uint16_t max_empty)
{
	uint16_t first = rxq->refill, nb, i;

	while (rxq->nb_empty > max_empty) {
		nb = RTE_MIN(IXYMIN_BATCH, rxq->nb_desc - first);
		if (rte_mempool_get_bulk(rxq->pool, (void **)&rxq->mbufs[first], nb) < 0) {
			__atomic_fetch_add(&rxq->data->rx_mbuf_alloc_failed, nb, __ATOMIC_RELAXED);
			break;
		}
		for (i = first; i < first + nb; i++) {
			rxq->ring[i].read.pkt_addr =
				rte_cpu_to_le_64(rte_mbuf_data_iova_default(rxq->mbufs[i]));
			rxq->ring[i].read.hdr_addr = 0;
		}
		first = i == rxq->nb_desc ? 0 : i;
		rxq->nb_empty -= nb;
	}
	nb = rxq->refill;
	rxq->refill = first;
	return first != nb;
}

/* 7.1.6.2, 7.1.9: take the packet of each finished descriptor; replace what was taken, in
 * batches; tell the device once, if there are new buffers. */
uint16_t
ixymin_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_rxq *rxq = queue;
	/* no more than the device has: beyond, there are old write-backs */
	uint16_t max = RTE_MIN(nb_pkts, (uint16_t)(rxq->nb_desc - 1 - rxq->nb_empty));
	uint16_t next = rxq->next, nb = 0, taken, len;
	uint64_t status;

	for (taken = 0; taken < max; taken++) {
		union ixymin_rx_desc *desc = &rxq->ring[next];
		struct rte_mbuf *m = rxq->mbufs[next];

		/* these 8 bytes are written at once; acquire: before the rest */
		status = rte_le_to_cpu_64(__atomic_load_n(&desc->wb.status, __ATOMIC_ACQUIRE));
		if (!(status & IXYMIN_RXD_DD))
			break;
		next = next + 1 == rxq->nb_desc ? 0 : next + 1;
		len = IXYMIN_RXD_LEN(status);
		if (unlikely((status & RX_CHECKED) != rxq->good || len == 0 || len > rxq->buf_size)) {
			rte_mempool_put(rxq->pool, m);
			rxq->good = status & IXYMIN_RXD_EOP ? RX_GOOD : 0;
			__atomic_fetch_add(&rxq->hw->rx_bad, 1, __ATOMIC_RELAXED);
			continue;
		}
		ixymin_mbuf_rearm(m) = rxq->rearm;
		m->ol_flags = 0;
		m->packet_type = rxq->ptypes ? rx_packet_type(rte_le_to_cpu_32(desc->wb.info)) : 0;
		m->pkt_len = len;
		m->data_len = len;
		pkts[nb++] = m;
	}
	rxq->next = next;
	rxq->nb_empty += taken;
	if (rxq->nb_empty >= IXYMIN_BATCH && rx_refill(rxq, IXYMIN_BATCH - 1))
		rte_write32(rte_cpu_to_le_32((rxq->refill == 0 ? rxq->nb_desc : rxq->refill) - 1),
			    rxq->tail_reg);
	return nb;
}

/* MAXFRS lets a VLAN tag pass on top; the FCS is stripped. */
int
ixymin_rx_check_mtu(const struct ixymin_rxq *rxq, uint16_t mtu)
{
	uint32_t need = mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;

	if (need <= rxq->buf_size)
		return 0;
	IXYMIN_LOG(ERR, rxq->hw->port_id, " rx queue %u: MTU %u needs buffers of %u bytes; "
		   "those of pool %s have %u (whole KB)", rxq->id, mtu, need, rxq->pool->name,
		   rxq->buf_size);
	return -EINVAL;
}

int
ixymin_rx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	struct rte_mbuf fresh = { .data_off = RTE_PKTMBUF_HEADROOM, .nb_segs = 1,
				  .port = dev->data->port_id };
	uint32_t room = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
	const struct rte_memzone *zone;
	struct ixymin_rxq *rxq;

	rxq = rte_zmalloc_socket("ixymin_rxq", sizeof(*rxq) + nb_desc * sizeof(rxq->mbufs[0]),
				 RTE_CACHE_LINE_SIZE, socket);
	zone = rte_eth_dma_zone_reserve(dev, "rx_ring", id, nb_desc * sizeof(rxq->ring[0]),
					IXYMIN_RING_ALIGN_BYTES, socket);
	dev->data->rx_queues[id] = rxq;
	if (rxq == NULL || zone == NULL) {
		IXYMIN_LOG(ERR, hw->port_id, " rx queue %u: no memory for %u descriptors", id, nb_desc);
		ixymin_rx_queue_release(dev, id);
		return -ENOMEM;
	}
	rte_mbuf_refcnt_set(&fresh, 1);
	rxq->rearm = ixymin_mbuf_rearm(&fresh);
	rxq->ring = zone->addr;
	rxq->iova = zone->iova;
	rxq->tail_reg = hw->bar + IXYMIN_RDT(id);
	rxq->pool = pool;
	rxq->hw = hw;
	rxq->data = dev->data;
	rxq->id = id;
	rxq->buf_size = RTE_MIN(RTE_ALIGN_FLOOR(room, IXYMIN_RX_BUF_MIN), IXYMIN_RX_BUF_MAX);
	rxq->nb_desc = nb_desc;
	rxq->nb_empty = nb_desc;
	rxq->drop_en = conf->rx_drop_en;
	rxq->ptypes = hw->ptypes;
	if (ixymin_rx_check_mtu(rxq, dev->data->mtu) == 0)
		return 0;
	ixymin_rx_queue_release(dev, id);
	return -EINVAL;
}

void
ixymin_rx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	rte_eth_dma_zone_free(dev, "rx_ring", id);
	rte_free(dev->data->rx_queues[id]);
	dev->data->rx_queues[id] = NULL;
}

/* 4.6.7: the ring first, then the queue, and its tail once it is live */
int
ixymin_rx_start(struct ixymin_rxq *rxq)
{
	const struct ixymin_hw *hw = rxq->hw;
	uint16_t id = rxq->id;
	int ret;

	rxq->next = 0;
	rxq->refill = 0;
	rxq->nb_empty = rxq->nb_desc;
	rxq->good = RX_GOOD;
	rx_refill(rxq, 0);
	if (rxq->nb_empty > 0) {
		IXYMIN_LOG(ERR, hw->port_id, " rx queue %u: pool %s lacks mbufs for %u of %u descriptors",
			   id, rxq->pool->name, rxq->nb_empty, rxq->nb_desc);
		return -ENOMEM;
	}
	reg_write(hw, IXYMIN_RDBAL(id), rxq->iova);
	reg_write(hw, IXYMIN_RDBAH(id), rxq->iova >> 32);
	reg_write(hw, IXYMIN_RDLEN(id), rxq->nb_desc * sizeof(rxq->ring[0]));
	reg_write(hw, IXYMIN_SRRCTL(id), IXYMIN_SRRCTL_ADV_ONE_BUFFER |
		  (rxq->drop_en ? IXYMIN_SRRCTL_DROP_EN : 0) | rxq->buf_size >> IXYMIN_SRRCTL_BSIZE_SHIFT);
	/* Write-backs must not overtake the data. INTERPRETATION (MISSING): 4.6.7 wants bit 12
	 * cleared, of which 8.2.3.11.1 only says that it is reserved. */
	reg_change(hw, IXYMIN_DCA_RXCTRL(id), IXYMIN_DCA_RXCTRL_RESERVED12 |
		   IXYMIN_DCA_RXCTRL_DATA_WRO | IXYMIN_DCA_RXCTRL_HEAD_WRO, 0);
	reg_change(hw, IXYMIN_RXDCTL(id), 0, IXYMIN_RXDCTL_ENABLE);
	ret = ixymin_wait(hw, IXYMIN_RXDCTL(id), IXYMIN_RXDCTL_ENABLE, IXYMIN_RXDCTL_ENABLE, 10,
			  "RXDCTL", " rx queue %u: not enabled", id);
	/* INTERPRETATION (MISSING): 8.2.3.8.6 does not say whether enabling a queue resets its head;
	 * the reset of the device before has done so. */
	if (ret == 0)
		reg_write(hw, IXYMIN_RDT(id), rxq->nb_desc - 1);
	return ret;
}

/* Only while the device is stopped */
void
ixymin_rx_free_mbufs(struct ixymin_rxq *rxq)
{
	for (; rxq->nb_empty < rxq->nb_desc; rxq->nb_empty++) {
		rte_mempool_put(rxq->pool, rxq->mbufs[rxq->next]);
		rxq->next = rxq->next + 1 == rxq->nb_desc ? 0 : rxq->next + 1;
	}
}
