/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receive queues: their life, and the data path */

#include <errno.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "ixymin_rxtx.h"

/* DPDK's packet types are the 82599's bits. */
static_assert(RTE_PTYPE_L3_IPV4 == IXYMIN_RXD_INFO_IPV4, "IPv4");
static_assert(RTE_PTYPE_L3_IPV4_EXT == (IXYMIN_RXD_INFO_IPV4 | IXYMIN_RXD_INFO_IPV4E), "IPv4E");
static_assert(RTE_PTYPE_L3_IPV6 == IXYMIN_RXD_INFO_IPV6, "IPv6");
static_assert(RTE_PTYPE_L3_IPV6_EXT == (IXYMIN_RXD_INFO_IPV6 | IXYMIN_RXD_INFO_IPV6E), "IPv6E");
static_assert(RTE_PTYPE_L4_TCP == IXYMIN_RXD_INFO_TCP, "TCP");
static_assert(RTE_PTYPE_L4_UDP == IXYMIN_RXD_INFO_UDP, "UDP");
static_assert(RTE_PTYPE_L4_SCTP == IXYMIN_RXD_INFO_SCTP, "SCTP");

void
ixymin_rx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	rte_eth_dma_zone_free(dev, "rx_ring", id);
	rte_free(dev->data->rx_queues[id]);
	dev->data->rx_queues[id] = NULL;
}

/* Most pools have the data of each mbuf behind it, at the same distance in DMA addresses, too. */
static void
rx_check_offset(struct rte_mempool *pool __rte_unused, void *queue, void *mbuf, unsigned int index)
{
	uint64_t offset = rte_mbuf_data_iova_default(mbuf) - (uintptr_t)mbuf;
	struct ixymin_rxq *q = queue;

	if (index == 0)
		q->data_offset = offset;
	if (offset != q->data_offset)
		q->offset_varies = true;
}

int
ixymin_rx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct rte_mbuf fresh = { .data_off = RTE_PKTMBUF_HEADROOM, .refcnt = 1, .nb_segs = 1 };
	uint32_t room = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
	struct ixymin_port *port = ixymin_port(dev);
	const struct rte_memzone *ring;
	struct ixymin_rxq *q;

	q = ixymin_queue_alloc(dev, "rx_ring", id, sizeof(*q), nb_desc, socket, &ring);
	if (q == NULL) {
		IXYMIN_LOG(ERR, &port->hw, "rx queue %u: no memory for %u descriptors",
			   id, nb_desc);
		return -ENOMEM;
	}
	fresh.port = dev->data->port_id;
	memcpy(&q->rearm, IXYMIN_MBUF_REARM(&fresh), sizeof(q->rearm));
	q->ring = ring->addr;
	q->iova = ring->iova;
	q->port = port;
	q->pool = pool;
	rte_mempool_obj_iter(pool, rx_check_offset, q);
	q->nb_desc = nb_desc;
	q->nb_empty = nb_desc - 1;
	q->buf_size = RTE_MIN(RTE_ALIGN_FLOOR(room, IXYMIN_RX_BUF_MIN), IXYMIN_RX_BUF_MAX);
	q->drop_en = conf->rx_drop_en;
	q->deferred = conf->rx_deferred_start;
	q->path = IXYMIN_RX_STOPPED;
	q->refill_at = IXYMIN_BATCH;
	q->strip = (conf->offloads | dev->data->dev_conf.rxmode.offloads) &
		   RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	dev->data->rx_queues[id] = q;
	return 0;
}

void
ixymin_rx_refill(struct ixymin_rxq *q, unsigned int max_empty)
{
	rxq_refill(q, max_empty);
}

/* What mbufs are to tell, and the receive function that does it */
static void
rx_select(const struct rte_eth_dev *dev, uint16_t id)
{
	struct ixymin_rxq *q = dev->data->rx_queues[id];
	bool full;

	q->mbuf_flags = ixymin_rx_mbuf_flags(q, dev->data->dev_conf.rxmode.offloads);
	full = q->mbuf_flags != 0 || q->fcs_len != 0 || q->scattered;
	if (dev->data->rx_queue_state[id] == RTE_ETH_QUEUE_STATE_STOPPED)
		q->path = IXYMIN_RX_STOPPED;
	else if (ixymin_is_avx2_allowed() && q->fcs_len == 0)
		q->path = full || q->ptypes ? IXYMIN_RX_AVX2_FULL : IXYMIN_RX_AVX2;
	else
		q->path = full ? IXYMIN_RX_FULL : IXYMIN_RX_PLAIN;
}

/* If packets of this MTU may be larger than a buffer, they are scattered; of a running queue that
 * stays so: the ring may still have some. */
void
ixymin_rx_queue_fit(struct rte_eth_dev *dev, uint16_t id, uint16_t mtu)
{
	struct ixymin_rxq *q = dev->data->rx_queues[id];

	if (mtu + RTE_ETHER_HDR_LEN + IXYMIN_RX_TAGS_MAX + q->fcs_len > q->buf_size) {
		q->scattered = true;
		dev->data->scattered_rx = 1;
	}
	rx_select(dev, id);
}

/* 7.4.3: the device strips VLAN tags of this queue, or leaves them in the packets. */
void
ixymin_rx_queue_strip(struct rte_eth_dev *dev, uint16_t id, bool on)
{
	struct ixymin_rxq *q = dev->data->rx_queues[id];

	q->strip = on;
	rx_select(dev, id);
	if (ixymin_port(dev)->started)
		reg_field(ixymin_hw(dev), IXYMIN_RXDCTL(id), IXYMIN_RXDCTL_VME,
			  on ? IXYMIN_RXDCTL_VME : 0);
}

/* 4.6.7: the ring, the queue, and its tail once it is live */
int
ixymin_rx_queue_start(struct rte_eth_dev *dev, uint16_t id)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	struct ixymin_rxq *q = dev->data->rx_queues[id];
	uint32_t srrctl;
	int ret;

	if (q == NULL) {
		IXYMIN_LOG(ERR, hw, "rx queue %u: not set up", id);
		return -EINVAL;
	}
	q->head = 0;
	q->tail = 0;
	q->skip_to_eop = false;
	q->ptypes = !q->port->settings.no_ptypes;
	q->scattered = false;
	q->fcs_len = q->port->fcs_len;
	ixymin_rx_queue_fit(dev, id, dev->data->mtu);
	q->rdt = hw->bar + IXYMIN_RDT(id);
	reg_write(hw, IXYMIN_RDBAL(id), q->iova);
	reg_write(hw, IXYMIN_RDBAH(id), q->iova >> 32);
	reg_write(hw, IXYMIN_RDLEN(id), q->nb_desc * sizeof(q->ring[0]));
	srrctl = q->buf_size >> IXYMIN_SRRCTL_BSIZE_SHIFT | IXYMIN_SRRCTL_ADV_ONE_BUFFER;
	if (q->drop_en)
		srrctl |= IXYMIN_SRRCTL_DROP_EN;
	reg_write(hw, IXYMIN_SRRCTL(id), srrctl);
	/* Write-backs must not overtake the data. INTERPRETATION (MISSING): 4.6.7 wants bit 12
	 * cleared, of which 8.2.3.11.1 only says that it is reserved. */
	reg_clear(hw, IXYMIN_DCA_RXCTRL(id),
		  IXYMIN_DCA_RXCTRL_RESERVED | IXYMIN_DCA_RXCTRL_WRO);
	/* INTERPRETATION (MISSING): 8.2.3.8.6 does not say whether enabling a queue resets its head
	 * and tail; a queue that ran before has left them somewhere. */
	reg_write(hw, IXYMIN_RDH(id), 0);
	reg_write(hw, IXYMIN_RDT(id), 0);
	reg_set(hw, IXYMIN_RXDCTL(id),
		IXYMIN_RXDCTL_ENABLE | (q->strip ? IXYMIN_RXDCTL_VME : 0));
	ret = ixymin_queue_wait(hw, true, id, true);
	if (ret < 0)
		return ret;
	ixymin_rx_refill(q, 0);
	if (q->nb_empty != 0) {
		IXYMIN_LOG(ERR, hw, "rx queue %u: pool %s lacks %u mbufs", id, q->pool->name,
			   q->nb_empty);
		ixymin_rx_queue_stop(dev, id);
		return -ENOMEM;
	}
	dev->data->rx_queue_state[id] = RTE_ETH_QUEUE_STATE_STARTED;
	rx_select(dev, id);
	return 0;
}

static int
rx_queue_disable(const struct ixymin_hw *hw, uint16_t id)
{
	reg_clear(hw, IXYMIN_RXDCTL(id), IXYMIN_RXDCTL_ENABLE);
	return ixymin_queue_wait(hw, true, id, false);
}

/* 4.6.7.1.2: 100 us after the queue is disabled nothing more is written to its buffers. Packets
 * that come for it meanwhile, or wait in it, are lost. */
int
ixymin_rx_queue_stop(struct rte_eth_dev *dev, uint16_t id)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	int ret;

	if (hw_is_gone(hw)) {
		IXYMIN_LOG(ERR, hw, "rx queue %u: the device does not answer", id);
		return -EIO;
	}
	ret = rx_queue_disable(hw, id);
	if (ret < 0)
		return ret;
	rte_delay_us_sleep(100);
	ixymin_rx_queue_free_mbufs(dev, id);
	return 0;
}

/* All queues, before the reset that ends all DMA */
void
ixymin_rx_queues_stop(struct rte_eth_dev *dev)
{
	uint16_t id;

	for (id = 0; id < dev->data->nb_rx_queues; id++)
		if (rx_queue_disable(ixymin_hw(dev), id) < 0)
			return;
	rte_delay_us_sleep(100);
}

/* Free all mbufs of a queue that the device does not use any more. */
void
ixymin_rx_queue_free_mbufs(struct rte_eth_dev *dev, uint16_t id)
{
	struct ixymin_rxq *q = dev->data->rx_queues[id];

	dev->data->rx_queue_state[id] = RTE_ETH_QUEUE_STATE_STOPPED;
	if (q == NULL)
		return;
	rx_select(dev, id);
	while (rxq_filled(q) > 0) {
		rte_mbuf_raw_free(q->mbufs[q->head]);
		q->head = rxq_next(q, q->head);
		q->nb_empty++;
	}
	rte_pktmbuf_free(q->first);
	q->first = NULL;
}

/* What the driver does, whatever thresholds the application gave */
void
ixymin_rxq_info_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_rxq_info *info)
{
	const struct ixymin_rxq *q = dev->data->rx_queues[id];

	info->mp = q->pool;
	info->nb_desc = q->nb_desc;
	info->rx_buf_size = q->buf_size;
	info->scattered_rx = q->scattered;
	info->conf.rx_free_thresh = IXYMIN_BATCH;
	info->conf.rx_drop_en = q->drop_en;
	info->conf.rx_deferred_start = q->deferred;
	info->conf.offloads = dev->data->dev_conf.rxmode.offloads;
}

const uint32_t *
ixymin_ptypes_get(struct rte_eth_dev *dev __rte_unused IXYMIN_PTYPES_PARAM)
{
	static const uint32_t ptypes[] = {
		RTE_PTYPE_L2_ETHER, RTE_PTYPE_L4_TCP, RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_SCTP,
		RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV4_EXT, RTE_PTYPE_L3_IPV6, RTE_PTYPE_L3_IPV6_EXT,
		RTE_PTYPE_UNKNOWN
	};

	IXYMIN_PTYPES_RETURN(ptypes);
}

/* All packet types, or none: leaving out some would cost more than it saves. */
int
ixymin_ptypes_set(struct rte_eth_dev *dev, uint32_t mask)
{
	struct ixymin_rxq *q;
	uint16_t id;

	ixymin_port(dev)->settings.no_ptypes = mask == 0;
	for (id = 0; id < dev->data->nb_rx_queues; id++) {
		q = dev->data->rx_queues[id];
		if (q == NULL)
			continue;
		q->ptypes = mask != 0;
		rx_select(dev, id);
	}
	return 0;
}

/* 7.1.6.2: take the packet of each finished descriptor, up to nb_pkts descriptors. */
uint16_t
ixymin_rx_take(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	/* no more than the device has: beyond, there are old write-backs */
	unsigned int max = RTE_MIN(nb_pkts, rxq_filled(q));
	unsigned int head = q->head, nb_desc = q->nb_desc, nb = 0, taken;
	bool ptypes = q->ptypes;

	for (taken = 0; taken < max; taken++) {
		union ixymin_rx_desc *desc = &q->ring[head];
		struct rte_mbuf *m = q->mbufs[head];
		uint64_t status = rxd_status(desc);

		if (!(status & IXYMIN_RXD_DD))
			break;
		head = head + 1 == nb_desc ? 0 : head + 1;
		if (unlikely(!rxq_is_valid(q, status, 0))) {
			rxq_drop(q, m, status);
			continue;
		}
		rxq_rearm(q, m);
		m->packet_type = ptypes ? rxd_packet_type(desc) : 0;
		m->pkt_len = IXYMIN_RXD_LEN(status);
		m->data_len = IXYMIN_RXD_LEN(status);
		pkts[nb++] = m;
	}
	q->head = head;
	q->nb_empty += taken;
	return nb;
}

/* The ring of a queue that is stopped has no mbufs, and gets none. */
static uint16_t
rx_take_nothing(struct ixymin_rxq *q __rte_unused, struct rte_mbuf **pkts __rte_unused,
		uint16_t nb_pkts __rte_unused)
{
	return 0;
}

static void
rx_refill_nothing(struct ixymin_rxq *q __rte_unused, unsigned int max_empty __rte_unused)
{
}

static const struct rx_path {
	uint16_t (*take)(struct ixymin_rxq *q, struct rte_mbuf **pkts, uint16_t nb_pkts);
	void (*refill)(struct ixymin_rxq *q, unsigned int max_empty);
	const char *name;
} rx_paths[] = {
	[IXYMIN_RX_PLAIN] = { ixymin_rx_take, ixymin_rx_refill, "Scalar" },
	[IXYMIN_RX_FULL] = { ixymin_rx_take_full, ixymin_rx_refill, "Scalar, full" },
#ifdef RTE_ARCH_X86_64
	[IXYMIN_RX_AVX2] = { ixymin_rx_take_avx2, ixymin_rx_refill_avx2, "Vector AVX2" },
	[IXYMIN_RX_AVX2_FULL] = {
		ixymin_rx_take_full_avx2, ixymin_rx_refill_avx2, "Vector AVX2, full"
	},
#endif
	[IXYMIN_RX_STOPPED] = { rx_take_nothing, rx_refill_nothing, "Stopped" },
};

/* 7.1.9: take the packets that are there; fill empty descriptors in batches. */
uint16_t
ixymin_rx_burst(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct ixymin_rxq *q = queue;
	const struct rx_path *path = &rx_paths[q->path];
	uint16_t nb = path->take(q, pkts, nb_pkts);

	if (q->nb_empty >= q->refill_at)
		path->refill(q, IXYMIN_BATCH - 1);
	return nb;
}

int
ixymin_rx_burst_mode_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_burst_mode *mode)
{
	const struct ixymin_rxq *q = dev->data->rx_queues[id];

	snprintf(mode->info, sizeof(mode->info), "%s", rx_paths[q->path].name);
	return 0;
}

/* Descriptors that are done, of packets that the application has not received */
ixymin_queue_count_t
ixymin_rx_queue_count(void *queue)
{
	const struct ixymin_rxq *q = queue;
	unsigned int index, n;

	if (q == NULL) /* ethdev does not look */
		return -EINVAL;
	index = q->head;
	for (n = 0; n < rxq_filled(q) && (rxd_status(&q->ring[index]) & IXYMIN_RXD_DD); n++)
		index = rxq_next(q, index);
	return n;
}

/* Offset 0 is the next descriptor to be received. */
int
ixymin_rx_descriptor_status(void *queue, uint16_t offset)
{
	const struct ixymin_rxq *q = queue;
	uint64_t status;

	if (q == NULL || offset >= q->nb_desc)
		return -EINVAL;
	if (offset >= rxq_filled(q))
		return RTE_ETH_RX_DESC_UNAVAIL;
	status = rxd_status(&q->ring[(q->head + offset) % q->nb_desc]);
	return status & IXYMIN_RXD_DD ? RTE_ETH_RX_DESC_DONE : RTE_ETH_RX_DESC_AVAIL;
}

/* Do not sleep if a packet is there. An empty descriptor still has DD of its last packet. */
static int
rx_monitor(const uint64_t status, const uint64_t opaque[RTE_POWER_MONITOR_OPAQUE_SZ] __rte_unused)
{
	return rte_le_to_cpu_64(status) & IXYMIN_RXD_DD ? -1 : 0;
}

int
ixymin_rx_monitor_addr(void *queue, struct rte_power_monitor_cond *cond)
{
	struct ixymin_rxq *q = queue;

	if (q == NULL)
		return -EINVAL;
	cond->addr = &q->ring[q->head].wb.status;
	cond->size = sizeof(q->ring[0].wb.status);
	cond->fn = rx_monitor;
	return 0;
}
