/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>

#include <rte_alarm.h>
#include <rte_cycles.h>
#include <rte_string_fns.h>

#include "ixymin_rxtx.h"

RTE_LOG_REGISTER_DEFAULT(ixymin_logtype, NOTICE);

/* At line rate the first counter to reach its end is one of bytes, after 55 s. */
#define STATS_PERIOD_US 2000000

/* How long the API's callers wait for a link, and how often LINKS is read meanwhile. SFI is up
 * within milliseconds. An attempt of clause 73 of IEEE 802.3 (backplanes) may take 0.7 s by its
 * timers, 73.10.2, and several may be needed. */
#define LINK_WAIT_US 4000000
#define LINK_POLL_US 10000

/* Queues from set-up to release; the data path is in ixymin_rx.c and ixymin_tx.c. */

static void
queue_release(struct rte_eth_dev *dev, void **queues, const char *name, uint16_t id)
{
	rte_eth_dma_zone_free(dev, name, id);
	rte_free(queues[id]);
	queues[id] = NULL;
}

static void
ixymin_rx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	queue_release(dev, dev->data->rx_queues, "rx_ring", id);
}

static void
ixymin_tx_queue_release(struct rte_eth_dev *dev, uint16_t id)
{
	queue_release(dev, dev->data->tx_queues, "tx_ring", id);
}

static struct ixymin_queue *
queue_new(struct rte_eth_dev *dev, void **queues, const char *name, uint16_t id, uint16_t nb_desc,
	  unsigned int socket)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	struct ixymin_queue *q = rte_zmalloc_socket(name, sizeof(*q) + nb_desc * sizeof(q->mbufs[0]),
						    RTE_CACHE_LINE_SIZE, socket);
	const struct rte_memzone *zone = rte_eth_dma_zone_reserve(dev, name, id,
			nb_desc * sizeof(q->ring.rx[0]), IXYMIN_RING_ALIGN_BYTES, socket);

	queues[id] = q;
	if (q == NULL || zone == NULL) {
		IXYMIN_LOG(ERR, hw, " %s %u: no memory for %u descriptors", name, id, nb_desc);
		queue_release(dev, queues, name, id);
		return NULL;
	}
	q->hw = hw;
	q->id = id;
	q->nb_desc = nb_desc;
	q->nb_free = nb_desc - 1;
	q->ring.rx = zone->addr;
	q->iova = zone->iova;
	return q;
}

/* MAXFRS lets a VLAN tag pass on top; the FCS is stripped. */
static int
check_mtu(const struct ixymin_queue *q, uint16_t mtu)
{
	uint32_t need = mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;

	if (need <= q->buf_size)
		return 0;
	IXYMIN_LOG(ERR, q->hw, " rx queue %u: MTU %u needs buffers of %u bytes, pool %s has %u (whole KB)",
		   q->id, mtu, need, q->pool->name, q->buf_size);
	return -EINVAL;
}

static int
ixymin_rx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
	struct ixymin_queue *q = queue_new(dev, dev->data->rx_queues, "rx_ring", id, nb_desc, socket);
	struct rte_mbuf fresh = { .data_off = RTE_PKTMBUF_HEADROOM, .refcnt = 1, .nb_segs = 1 };
	uint32_t room = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;

	if (q == NULL)
		return -ENOMEM;
	fresh.port = dev->data->port_id;
	memcpy(&q->rearm, IXYMIN_MBUF_REARM(&fresh), sizeof(q->rearm));
	q->pool = pool;
	q->buf_size = RTE_MIN(RTE_ALIGN_FLOOR(room, IXYMIN_RX_BUF_MIN), IXYMIN_RX_BUF_MAX);
	q->drop_en = conf->rx_drop_en;
	if (check_mtu(q, dev->data->mtu) == 0)
		return 0;
	ixymin_rx_queue_release(dev, id);
	return -EINVAL;
}

static int
ixymin_tx_queue_setup(struct rte_eth_dev *dev, uint16_t id, uint16_t nb_desc, unsigned int socket,
		      const struct rte_eth_txconf *conf __rte_unused)
{
	return queue_new(dev, dev->data->tx_queues, "tx_ring", id, nb_desc, socket) ? 0 : -ENOMEM;
}

/* What the driver does, whatever thresholds the application gave */
static void
ixymin_rxq_info_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_rxq_info *info)
{
	const struct ixymin_queue *q = dev->data->rx_queues[id];

	info->mp = q->pool;
	info->nb_desc = q->nb_desc;
	info->rx_buf_size = q->buf_size;
	info->conf.rx_free_thresh = IXYMIN_BATCH;
	info->conf.rx_drop_en = q->drop_en;
	info->conf.offloads = dev->data->dev_conf.rxmode.offloads;
}

static void
ixymin_txq_info_get(struct rte_eth_dev *dev, uint16_t id, struct rte_eth_txq_info *info)
{
	const struct ixymin_queue *q = dev->data->tx_queues[id];

	info->nb_desc = q->nb_desc;
	info->conf.tx_thresh.pthresh = IXYMIN_TXDCTL_PTHRESH;
	info->conf.tx_thresh.hthresh = IXYMIN_TXDCTL_HTHRESH;
	info->conf.tx_rs_thresh = IXYMIN_BATCH;
	info->conf.tx_free_thresh = q->nb_desc / 2;
	info->conf.offloads = dev->data->dev_conf.txmode.offloads;
}

/* The ring of a queue, and all that is the same in both directions */
static struct ixymin_queue *
queue_init(struct ixymin_hw *hw, void **queues, const char *name, uint16_t id, uint32_t block)
{
	struct ixymin_queue *q = queues[id];

	if (q == NULL) {
		IXYMIN_LOG(ERR, hw, " %s queue %u: not set up", name, id);
		return NULL;
	}
	q->head = 0;
	q->tail = 0;
	q->tail_reg = hw->bar + IXYMIN_DT(block);
	reg_write(hw, IXYMIN_DBAL(block), q->iova);
	reg_write(hw, IXYMIN_DBAH(block), q->iova >> 32);
	reg_write(hw, IXYMIN_DLEN(block), q->nb_desc * sizeof(q->ring.rx[0]));
	return q;
}

/* 4.6.7: the ring, the queue, and its tail once it is live */
static int
rx_start(struct rte_eth_dev *dev, uint16_t id)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint32_t block = IXYMIN_RXQ(id);
	struct ixymin_queue *q = queue_init(hw, dev->data->rx_queues, "rx", id, block);
	int ret;

	if (q == NULL || check_mtu(q, dev->data->mtu) < 0)
		return -EINVAL;
	q->good = IXYMIN_RXD_GOOD;
	reg_write(hw, IXYMIN_SRRCTL(id), q->buf_size >> IXYMIN_SRRCTL_BSIZE_SHIFT |
		  IXYMIN_SRRCTL_ADV_ONE_BUFFER | (q->drop_en ? IXYMIN_SRRCTL_DROP_EN : 0));
	/* Write-backs must not overtake the data. INTERPRETATION (MISSING): 4.6.7 wants bit 12
	 * cleared, of which 8.2.3.11.1 only says that it is reserved. */
	reg_change(hw, IXYMIN_DCA_RXCTRL(id), IXYMIN_DCA_RXCTRL_RESERVED | IXYMIN_DCA_RXCTRL_WRO, 0);
	reg_change(hw, IXYMIN_DCTL(block), 0, IXYMIN_DCTL_ENABLE);
	ret = ixymin_wait(hw, IXYMIN_DCTL(block), IXYMIN_DCTL_ENABLE, true, 10,
			  "RXDCTL", " rx queue %u: not enabled", id);
	if (ret < 0)
		return ret;
	/* INTERPRETATION (MISSING): 8.2.3.8.6 does not say whether enabling a queue resets its head;
	 * the reset of the device before has done so. */
	ixymin_rx_refill(q, 0);
	if (q->nb_free == 0) {
		dev->data->rx_queue_state[id] = RTE_ETH_QUEUE_STATE_STARTED;
		return 0;
	}
	IXYMIN_LOG(ERR, hw, " rx queue %u: pool %s lacks %u mbufs", id, q->pool->name, q->nb_free);
	return -ENOMEM;
}

/* 4.6.8 */
static int
tx_start(struct rte_eth_dev *dev, uint16_t id)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint32_t block = IXYMIN_TXQ(id);
	struct ixymin_queue *q = queue_init(hw, dev->data->tx_queues, "tx", id, block);
	int ret;

	if (q == NULL)
		return -EINVAL;
	q->batch_end = IXYMIN_BATCH - 1;
	q->fast_free = dev->data->dev_conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	reg_change(hw, IXYMIN_DCA_TXCTRL(id), IXYMIN_DCA_TXCTRL_DESC_WRO, 0);
	reg_write(hw, IXYMIN_DCTL(block), IXYMIN_TXDCTL_THRESH | IXYMIN_DCTL_ENABLE);
	ret = ixymin_wait(hw, IXYMIN_DCTL(block), IXYMIN_DCTL_ENABLE, true, 10,
			  "TXDCTL", " tx queue %u: not enabled", id);
	if (ret == 0)
		dev->data->tx_queue_state[id] = RTE_ETH_QUEUE_STATE_STARTED;
	return ret;
}

/* Only while the device is stopped */
static void
queue_halt(struct ixymin_queue *q)
{
	for (; q != NULL && q->nb_free < q->nb_desc - 1; q->nb_free++) {
		rte_pktmbuf_free_seg(q->mbufs[q->head]);
		q->head = q->head + 1 == q->nb_desc ? 0 : q->head + 1;
	}
}

/* What passes the filters, 8.2.3.7: an op writes the registers, and ethdev remembers. */

static int
rx_mode_set(struct rte_eth_dev *dev, bool promiscuous, bool all_multicast)
{
	reg_write(dev->data->dev_private, IXYMIN_FCTRL, IXYMIN_FCTRL_BAM |
		  (promiscuous ? IXYMIN_FCTRL_UPE : 0) |
		  (promiscuous || all_multicast ? IXYMIN_FCTRL_MPE : 0));
	return 0;
}
#define RX_MODE_OP(name, promiscuous, all_multicast) \
	static int name(struct rte_eth_dev *dev) { return rx_mode_set(dev, promiscuous, all_multicast); }
RX_MODE_OP(ixymin_promiscuous_enable, true, true)
RX_MODE_OP(ixymin_promiscuous_disable, false, dev->data->all_multicast)
RX_MODE_OP(ixymin_allmulticast_enable, dev->data->promiscuous, true)
RX_MODE_OP(ixymin_allmulticast_disable, dev->data->promiscuous, false)

/* An address of zeroes is none. The pools of virtualization are off: all belong to the first. */
static int
ixymin_mac_addr_add(struct rte_eth_dev *dev, struct rte_ether_addr *addr, uint32_t index,
		    uint32_t pool __rte_unused)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	bool valid = !rte_is_zero_ether_addr(addr);
	rte_le64_t bytes = 0;

	memcpy(&bytes, addr, sizeof(*addr));
	reg_write(hw, IXYMIN_RAL(index), rte_le_to_cpu_64(bytes));
	reg_write(hw, IXYMIN_RAH(index), rte_le_to_cpu_64(bytes) >> 32 | (valid ? IXYMIN_RAH_AV : 0));
	reg_write(hw, IXYMIN_MPSAR(2 * index), valid ? IXYMIN_MPSAR_POOL0 : 0);
	reg_write(hw, IXYMIN_MPSAR(2 * index + 1), 0);
	return 0;
}

static void
ixymin_mac_addr_remove(struct rte_eth_dev *dev, uint32_t index)
{
	ixymin_mac_addr_add(dev, &(struct rte_ether_addr){ 0 }, index, 0);
}

static int
ixymin_mac_addr_set(struct rte_eth_dev *dev, struct rte_ether_addr *addr)
{
	return ixymin_mac_addr_add(dev, addr, 0, 0);
}

/* 7.1.1.1.2: bits 47:36 of an address choose one of 4,096 bits; others may choose the same. */
static int
ixymin_set_mc_addr_list(struct rte_eth_dev *dev, struct rte_ether_addr *addrs, uint32_t nb)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint32_t i, bit;

	memset(hw->mta, 0, sizeof(hw->mta));
	for (i = 0; i < nb; i++) {
		bit = addrs[i].addr_bytes[5] << 4 | addrs[i].addr_bytes[4] >> 4;
		hw->mta[bit / 32] |= RTE_BIT32(bit % 32);
	}
	for (i = 0; i < IXYMIN_MTA_WORDS; i++)
		reg_write(hw, IXYMIN_MTA(i), hw->mta[i]);
	return 0;
}

static int
ixymin_mtu_set(struct rte_eth_dev *dev, uint16_t mtu)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	uint16_t i;

	for (i = 0; i < dev->data->nb_rx_queues && hw->started; i++)
		if (check_mtu(dev->data->rx_queues[i], mtu) < 0)
			return -EINVAL;
	reg_write(hw, IXYMIN_MAXFRS, IXYMIN_MAXFRS_MFS(mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN));
	return 0;
}

static const uint32_t *
ixymin_ptypes_get(struct rte_eth_dev *dev __rte_unused IXYMIN_PTYPES_PARAM)
{
	static const uint32_t ptypes[] = {
		RTE_PTYPE_L2_ETHER, RTE_PTYPE_L4_TCP, RTE_PTYPE_L4_UDP, RTE_PTYPE_L4_SCTP,
		RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV4_EXT, RTE_PTYPE_L3_IPV6, RTE_PTYPE_L3_IPV6_EXT,
		RTE_PTYPE_UNKNOWN
	};

	IXYMIN_PTYPES_RETURN(ptypes);
}

static int
ixymin_ptypes_set(struct rte_eth_dev *dev, uint32_t mask)
{
	struct ixymin_hw *hw = dev->data->dev_private;

	hw->no_ptypes = mask == 0;
	return 0;
}

/* Statistics */

/* GPRC also counts packets that were missed later: what the queues got is exact. */
static int
ixymin_stats_get(struct rte_eth_dev *dev, struct rte_eth_stats *stats IXYMIN_QUEUE_STATS_PARAM)
{
	struct eth_queue_stats *queues = IXYMIN_QUEUE_STATS(stats);
	struct ixymin_hw *hw = dev->data->dev_private;
	const volatile uint64_t *counts = hw->stats; /* the alarm may add to them meanwhile */
	int ret = ixymin_stats_update(hw);
	uint32_t i;

	stats->opackets = counts[IXYMIN_STAT_GPTC];
	stats->obytes = counts[IXYMIN_STAT_GOTC] - RTE_ETHER_CRC_LEN * stats->opackets;
	stats->imissed = counts[IXYMIN_STAT_RXMPC];
	stats->ierrors = counts[IXYMIN_STAT_RX_BAD];
	stats->oerrors = counts[IXYMIN_STAT_TX_BAD];
	for (i = IXYMIN_STAT_CRCERRS; i <= IXYMIN_STAT_RJC; i++)
		stats->ierrors += counts[i];
	for (i = 0; i < IXYMIN_QUEUE_COUNTERS; i++) {
		stats->ipackets += counts[IXYMIN_STAT_QPRC + i];
		stats->ibytes += counts[IXYMIN_STAT_QBRC + i];
		stats->imissed += counts[IXYMIN_STAT_QPRDC + i];
	}
	for (i = 0; queues != NULL && i < RTE_MIN(IXYMIN_QUEUE_COUNTERS, RTE_DIM(queues->q_errors)); i++) {
		queues->q_ipackets[i] = counts[IXYMIN_STAT_QPRC + i];
		queues->q_ibytes[i] = counts[IXYMIN_STAT_QBRC + i];
		queues->q_errors[i] = counts[IXYMIN_STAT_QPRDC + i];
		queues->q_opackets[i] = counts[IXYMIN_STAT_QPTC + i];
		queues->q_obytes[i] = counts[IXYMIN_STAT_QBTC + i];
	}
	return ret;
}

static int
ixymin_stats_reset(struct rte_eth_dev *dev)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	int ret = ixymin_stats_update(hw);

	rte_spinlock_lock(&hw->lock);
	memset(hw->stats, 0, sizeof(hw->stats));
	rte_spinlock_unlock(&hw->lock);
	return ret;
}

static int
ixymin_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int nb)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	int ret = ixymin_stats_update(hw);
	unsigned int i;

	if (nb < IXYMIN_XSTAT_COUNT)
		return IXYMIN_XSTAT_COUNT;
	for (i = 0; i < IXYMIN_XSTAT_COUNT; i++)
		xstats[i] = (struct rte_eth_xstat){ i, hw->stats[i] };
	return ret < 0 ? ret : IXYMIN_XSTAT_COUNT;
}

static int
ixymin_xstats_get_names(struct rte_eth_dev *dev __rte_unused, struct rte_eth_xstat_name *names,
			unsigned int nb)
{
	unsigned int i;

	for (i = 0; names != NULL && i < RTE_MIN(nb, (unsigned int)IXYMIN_XSTAT_COUNT); i++)
		strlcpy(names[i].name, ixymin_stat_rows[i].xstat, sizeof(names[i].name));
	return IXYMIN_XSTAT_COUNT;
}

static void
stats_alarm(void *arg)
{
	ixymin_stats_update(arg);
	rte_eal_alarm_set(STATS_PERIOD_US, stats_alarm, arg);
}

/* Link */

/* The link is what the device says now, or says before the time is over if the caller waits. */
static int
ixymin_link_update(struct rte_eth_dev *dev, int wait_to_complete)
{
	static const uint32_t speeds[] = { RTE_ETH_SPEED_NUM_UNKNOWN, 100, 1000, 10000 };
	struct ixymin_hw *hw = dev->data->dev_private;
	struct rte_eth_link link = { .link_autoneg = !hw->sfp };
	uint64_t deadline = rte_get_timer_cycles() + rte_get_timer_hz() * LINK_WAIT_US / US_PER_S;
	uint32_t links = 0;

	while (hw->started) {
		links = reg_read(hw, IXYMIN_LINKS);
		if ((links & IXYMIN_LINKS_UP) || !wait_to_complete || rte_get_timer_cycles() > deadline)
			break;
		rte_delay_us_sleep(LINK_POLL_US);
	}
	if (links != IXYMIN_GONE && (links & IXYMIN_LINKS_UP)) {
		link.link_status = RTE_ETH_LINK_UP;
		link.link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
		link.link_speed = speeds[IXYMIN_LINKS_SPEED(links)];
	}
	return rte_eth_linkstatus_set(dev, &link);
}

static void
interrupt_handler(void *arg)
{
	struct rte_eth_dev *dev = arg;
	struct ixymin_hw *hw = dev->data->dev_private;

	if (hw->started && (reg_read(hw, IXYMIN_EICR) & IXYMIN_EICR_LSC) &&
	    ixymin_link_update(dev, 0) == 0)
		rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_LSC, NULL);
	rte_intr_ack(dev->intr_handle);
}

/* Life of a port */

static int
ixymin_infos_get(struct rte_eth_dev *dev __rte_unused, struct rte_eth_dev_info *info)
{
	info->max_rx_queues = IXYMIN_RX_QUEUES;
	info->max_tx_queues = IXYMIN_TX_QUEUES;
	info->max_mac_addrs = IXYMIN_MAC_ADDRS;
	info->min_rx_bufsize = IXYMIN_RX_BUF_MIN;
	info->max_rx_pktlen = IXYMIN_FRAME_MAX;
	info->max_mtu = IXYMIN_FRAME_MAX - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;
	info->rx_desc_lim.nb_max = IXYMIN_RING_MAX;
	info->rx_desc_lim.nb_min = IXYMIN_RING_MIN;
	info->rx_desc_lim.nb_align = IXYMIN_RING_ALIGN;
	info->tx_desc_lim = info->rx_desc_lim;
	info->tx_desc_lim.nb_seg_max = 1; /* no RTE_ETH_TX_OFFLOAD_MULTI_SEGS */
	info->tx_desc_lim.nb_mtu_seg_max = 1;
	info->tx_offload_capa = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	info->speed_capa = RTE_ETH_LINK_SPEED_10G;
	return 0;
}

/* What ethdev has not checked against the above */
static int
ixymin_configure(struct rte_eth_dev *dev)
{
	const struct rte_eth_conf *conf = &dev->data->dev_conf;
	struct ixymin_hw *hw = dev->data->dev_private;

	if ((conf->rxmode.mq_mode & ~RTE_ETH_MQ_RX_RSS_FLAG) || conf->txmode.mq_mode ||
	    conf->lpbk_mode || conf->intr_conf.rxq || (conf->link_speeds && !(conf->link_speeds & RTE_ETH_LINK_SPEED_10G))) {
		IXYMIN_LOG(ERR, hw, ": mq_mode %u/%u, lpbk_mode %u, rxq %u, link_speeds 0x%x: only RSS/none, 0, 0, 10G are possible",
			   conf->rxmode.mq_mode, conf->txmode.mq_mode, conf->lpbk_mode,
			   conf->intr_conf.rxq, conf->link_speeds);
		return -ENOTSUP;
	}
	return 0;
}

/* After a reset there is no DMA: the rings' mbufs can go. */
static int
port_halt(struct rte_eth_dev *dev)
{
	uint16_t i;
	int ret;

	if (dev->data->dev_conf.intr_conf.lsc)
		rte_intr_disable(dev->intr_handle);
	ret = ixymin_reset(dev->data->dev_private);
	for (i = 0; i < dev->data->nb_rx_queues; i++) {
		queue_halt(dev->data->rx_queues[i]);
		dev->data->rx_queue_state[i] = RTE_ETH_QUEUE_STATE_STOPPED;
	}
	for (i = 0; i < dev->data->nb_tx_queues; i++) {
		queue_halt(dev->data->tx_queues[i]);
		dev->data->tx_queue_state[i] = RTE_ETH_QUEUE_STATE_STOPPED;
	}
	return ret;
}

static int
ixymin_stop(struct rte_eth_dev *dev)
{
	struct ixymin_hw *hw = dev->data->dev_private;

	if (!hw->started)
		return 0;
	hw->started = false;
	rte_eal_alarm_cancel(stats_alarm, hw);
	ixymin_link_update(dev, 0);

	reg_change(hw, IXYMIN_RXCTRL, IXYMIN_RXCTRL_RXEN, 0);
	/* even if the device does not answer any more, the port can be closed */
	dev->data->dev_started = 0;
	return port_halt(dev);
}

/* 4.6.3: the whole sequence. What passes the filters is written before the first packet comes;
 * ethdev repeats it only later. */
static int
ixymin_start(struct rte_eth_dev *dev)
{
	struct ixymin_hw *hw = dev->data->dev_private;
	struct rte_eth_dev_data *data = dev->data;
	uint16_t i;
	int ret;

	ret = ixymin_reset(hw);
	if (ret < 0)
		return ret;
	ixymin_general_init(hw);
	ixymin_rx_init(hw);
	for (i = 0; i < IXYMIN_MAC_ADDRS; i++)
		ixymin_mac_addr_add(dev, &data->mac_addrs[i], i, 0);
	rx_mode_set(dev, data->promiscuous, data->all_multicast);
	ixymin_mtu_set(dev, data->mtu);
	ixymin_tx_init(hw);
	for (i = 0; i < data->nb_tx_queues && ret == 0; i++)
		ret = tx_start(dev, i);
	for (i = 0; i < data->nb_rx_queues && ret == 0; i++)
		ret = rx_start(dev, i);
	if (ret == 0)
		ret = ixymin_rx_enable(hw);
	if (ret == 0 && data->dev_conf.intr_conf.lsc)
		ret = rte_intr_enable(dev->intr_handle);
	if (ret < 0) {
		port_halt(dev);
		return ret;
	}
	ixymin_link_start(hw);
	rte_eal_alarm_set(STATS_PERIOD_US, stats_alarm, hw);
	hw->started = true;
	ixymin_link_update(dev, 0);
	/* last: from now on only the handler updates the link; causes were kept for it */
	reg_write(hw, IXYMIN_IVAR_MISC, IXYMIN_IVAR_MISC_OTHER);
	reg_write(hw, IXYMIN_EIMS, data->dev_conf.intr_conf.lsc ? IXYMIN_EICR_LSC : 0);
	return 0;
}

static int
ixymin_close(struct rte_eth_dev *dev)
{
	uint16_t i;

	ixymin_stop(dev);
	rte_intr_callback_unregister_sync(dev->intr_handle, interrupt_handler, dev);
	for (i = 0; i < dev->data->nb_rx_queues; i++)
		ixymin_rx_queue_release(dev, i);
	for (i = 0; i < dev->data->nb_tx_queues; i++)
		ixymin_tx_queue_release(dev, i);
	return 0; /* a device that did not answer is closed all the same */
}

static const struct eth_dev_ops ixymin_ops = {
	.dev_configure = ixymin_configure,
	.dev_start = ixymin_start,
	.dev_stop = ixymin_stop,
	.dev_close = ixymin_close,
	.dev_reset = port_halt,
	.dev_infos_get = ixymin_infos_get,
	.link_update = ixymin_link_update,
	.promiscuous_enable = ixymin_promiscuous_enable,
	.promiscuous_disable = ixymin_promiscuous_disable,
	.allmulticast_enable = ixymin_allmulticast_enable,
	.allmulticast_disable = ixymin_allmulticast_disable,
	.mac_addr_add = ixymin_mac_addr_add,
	.mac_addr_remove = ixymin_mac_addr_remove,
	.mac_addr_set = ixymin_mac_addr_set,
	.set_mc_addr_list = ixymin_set_mc_addr_list,
	.mtu_set = ixymin_mtu_set,
	.dev_supported_ptypes_get = ixymin_ptypes_get,
	.dev_ptypes_set = ixymin_ptypes_set,
	.stats_get = ixymin_stats_get,
	.stats_reset = ixymin_stats_reset,
	.xstats_get = ixymin_xstats_get,
	.xstats_get_names = ixymin_xstats_get_names,
	.rx_queue_setup = ixymin_rx_queue_setup,
	.rx_queue_release = ixymin_rx_queue_release,
	.tx_queue_setup = ixymin_tx_queue_setup,
	.tx_queue_release = ixymin_tx_queue_release,
	.tx_done_cleanup = ixymin_tx_done_cleanup,
	.rxq_info_get = ixymin_rxq_info_get,
	.txq_info_get = ixymin_txq_info_get,
};

/* 8.2.3.7.9: a reset loads the first receive address from the EEPROM. */
static int
port_init(struct rte_eth_dev *dev)
{
	struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);
	struct ixymin_hw *hw = dev->data->dev_private;
	rte_le64_t addr;
	int ret;

	hw->data = dev->data;
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		IXYMIN_LOG(ERR, hw, ": secondary processes are not supported");
		return -ENOTSUP;
	}
	dev->dev_ops = &ixymin_ops;
	dev->rx_pkt_burst = ixymin_rx_burst;
	dev->tx_pkt_burst = ixymin_tx_burst;
	dev->data->dev_flags |= RTE_ETH_DEV_AUTOFILL_QUEUE_XSTATS;
	hw->bar = pci->mem_resource[0].addr;
	switch (pci->id.device_id) {
#define DEVICE(id, sfp_cage) case id: hw->sfp = sfp_cage; break;
	IXYMIN_DEVICES(DEVICE)
#undef DEVICE
	}

	ret = ixymin_reset(hw);
	if (ret < 0)
		return ret;
	memset(hw->stats, 0, sizeof(hw->stats)); /* who had the device before may have left some */
	dev->data->mac_addrs = rte_zmalloc("ixymin_mac", IXYMIN_MAC_ADDRS * RTE_ETHER_ADDR_LEN, 0);
	if (dev->data->mac_addrs == NULL)
		return -ENOMEM;
	addr = rte_cpu_to_le_64((uint64_t)reg_read(hw, IXYMIN_RAH(0)) << 32 | reg_read(hw, IXYMIN_RAL(0)));
	memcpy(dev->data->mac_addrs, &addr, RTE_ETHER_ADDR_LEN);
	if (!rte_is_valid_assigned_ether_addr(dev->data->mac_addrs)) {
		IXYMIN_LOG(ERR, hw, ": no valid MAC address in the EEPROM");
		return -EIO;
	}
	/* without interrupts all works but the link's: starting with LSC says so */
	rte_intr_callback_register(dev->intr_handle, interrupt_handler, dev);
	return 0;
}

static int
ixymin_probe(struct rte_pci_driver *driver __rte_unused, struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_probe(pci, sizeof(struct ixymin_hw), port_init);
}

static int
ixymin_remove(struct rte_pci_device *pci)
{
	return rte_eth_dev_pci_generic_remove(pci, ixymin_close);
}

static const struct rte_pci_id pci_ids[] = {
#define DEVICE(id, sfp) { RTE_PCI_DEVICE(0x8086, id) },
	IXYMIN_DEVICES(DEVICE)
#undef DEVICE
	{ .vendor_id = 0 }
};

static struct rte_pci_driver ixymin_driver = {
	.id_table = pci_ids,
	.drv_flags = RTE_PCI_DRV_NEED_MAPPING | RTE_PCI_DRV_INTR_LSC,
	.probe = ixymin_probe,
	.remove = ixymin_remove,
};

RTE_PMD_REGISTER_PCI(net_ixymin, ixymin_driver);
RTE_PMD_REGISTER_PCI_TABLE(net_ixymin, pci_ids);
RTE_PMD_REGISTER_KMOD_DEP(net_ixymin, "* igb_uio | uio_pci_generic | vfio-pci");
