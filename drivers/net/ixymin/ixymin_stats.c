/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Statistics, 8.2.3.23.  The counters clear when read; what they had is added to totals. */

#include <errno.h>

#include <rte_alarm.h>
#include <rte_string_fns.h>

#include "ixymin_ethdev.h"

/* At line rate the first counter to reach its end is one of bytes, after 55 s. */
#define STATS_PERIOD_US MS(2000)

/* The field of rte_eth_stats that a counter adds to */
enum sum { NONE, RX_ERRORS, RX_MISSED, TX_PACKETS, TX_BYTES, TX_PAUSE };

/* The names are those of net_ixgbe, so that programs find the same ones. */
static const struct {
	const char *name;    /* among the extended statistics */
	uint32_t low, high;  /* registers; high: of a counter of 36 bits, else 0 */
	enum sum sum;
} counters[] = {
	{ "rx_crc_errors", IXYMIN_CRCERRS, 0, RX_ERRORS },
	{ "rx_illegal_byte_errors", IXYMIN_ILLERRC, 0, RX_ERRORS },
	{ "rx_error_bytes", IXYMIN_ERRBC, 0, RX_ERRORS }, /* packets */
	{ "rx_mac_short_packet_dropped", IXYMIN_MSPDC, 0, RX_ERRORS },
	{ "rx_length_errors", IXYMIN_RLEC, 0, RX_ERRORS },
	{ "rx_undersize_errors", IXYMIN_RUC, 0, RX_ERRORS },
	{ "rx_fragment_errors", IXYMIN_RFC, 0, RX_ERRORS },
	{ "rx_oversize_errors", IXYMIN_ROC, 0, RX_ERRORS },
	{ "rx_jabber_errors", IXYMIN_RJC, 0, RX_ERRORS },
	{ "rx_l3_l4_xsum_error", IXYMIN_XEC, 0, NONE },
	{ "rx_total_missed_packets", IXYMIN_RXMPC, 0, RX_MISSED },
	{ "mac_local_errors", IXYMIN_MLFC, 0, NONE },
	{ "mac_remote_errors", IXYMIN_MRFC, 0, NONE },
	{ "tx_xon_packets", IXYMIN_LXONTXC, 0, TX_PAUSE },
	{ "tx_xoff_packets", IXYMIN_LXOFFTXC, 0, TX_PAUSE },
	{ "rx_xon_packets", IXYMIN_LXONRXCNT, 0, NONE },
	{ "rx_xoff_packets", IXYMIN_LXOFFRXCNT, 0, NONE },
	{ "rx_size_64_packets", IXYMIN_PRC64, 0, NONE },
	{ "rx_size_65_to_127_packets", IXYMIN_PRC127, 0, NONE },
	{ "rx_size_128_to_255_packets", IXYMIN_PRC255, 0, NONE },
	{ "rx_size_256_to_511_packets", IXYMIN_PRC511, 0, NONE },
	{ "rx_size_512_to_1023_packets", IXYMIN_PRC1023, 0, NONE },
	{ "rx_size_1024_to_max_packets", IXYMIN_PRC1522, 0, NONE },
	{ "rx_broadcast_packets", IXYMIN_BPRC, 0, NONE },
	{ "rx_multicast_packets", IXYMIN_MPRC, 0, NONE },
	{ "tx_mac_good_packets", IXYMIN_GPTC, 0, TX_PACKETS },
	{ "tx_mac_good_bytes", IXYMIN_GOTCL, IXYMIN_GOTCH, TX_BYTES },
	{ "rx_mac_good_packets", IXYMIN_GPRC, 0, NONE },
	{ "rx_mac_good_bytes", IXYMIN_GORCL, IXYMIN_GORCH, NONE },
	{ "rx_total_packets", IXYMIN_TPR, 0, NONE },
	{ "rx_total_bytes", IXYMIN_TORL, IXYMIN_TORH, NONE },
	{ "tx_total_packets", IXYMIN_TPT, 0, NONE },
	{ "tx_size_64_packets", IXYMIN_PTC64, 0, NONE },
	{ "tx_size_65_to_127_packets", IXYMIN_PTC127, 0, NONE },
	{ "tx_size_128_to_255_packets", IXYMIN_PTC255, 0, NONE },
	{ "tx_size_256_to_511_packets", IXYMIN_PTC511, 0, NONE },
	{ "tx_size_512_to_1023_packets", IXYMIN_PTC1023, 0, NONE },
	{ "tx_size_1024_to_max_packets", IXYMIN_PTC1522, 0, NONE },
	{ "tx_multicast_packets", IXYMIN_MPTC, 0, NONE },
	{ "tx_broadcast_packets", IXYMIN_BPTC, 0, NONE },
	{ "rx_management_packets", IXYMIN_MNGPRC, 0, NONE },
	{ "rx_management_dropped", IXYMIN_MNGPDC, 0, NONE },
	{ "tx_management_packets", IXYMIN_MNGPTC, 0, NONE },
};

static_assert(RTE_DIM(counters) == IXYMIN_PORT_COUNTERS, "the totals do not fit the table");

static uint64_t
counter_read(const struct ixymin_hw *hw, uint32_t low, uint32_t high)
{
	uint32_t lower, upper = 0;

	lower = reg_read(hw, low); /* first: it latches the upper part */
	if (high != 0)
		upper = reg_read(hw, high);
	/* All ones: the device went away. No counter is read so seldom that it gets there. */
	if (lower == IXYMIN_GONE || upper == IXYMIN_GONE)
		return 0;
	return (uint64_t)(upper & 0xf) << 32 | lower;
}

void
ixymin_stats_init(struct ixymin_stats *stats)
{
	pthread_mutexattr_t attr;

	memset(stats, 0, sizeof(*stats));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&stats->lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A process that was killed meanwhile has lost what it had read of one counter. */
static void
stats_lock(struct ixymin_stats *stats)
{
	if (pthread_mutex_lock(&stats->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&stats->lock);
}

static void
stats_unlock(struct ixymin_stats *stats)
{
	pthread_mutex_unlock(&stats->lock);
}

static void
counters_collect(struct ixymin_port *port)
{
	struct ixymin_stats *stats = &port->stats;
	const struct ixymin_hw *hw = &port->hw;
	uint64_t packets;
	uint32_t i;

	for (i = 0; i < RTE_DIM(counters); i++)
		stats->port[i] += counter_read(hw, counters[i].low, counters[i].high);
	for (i = 0; i < IXYMIN_QUEUE_COUNTERS; i++) {
		packets = counter_read(hw, IXYMIN_QPRC(i), 0);
		stats->queue[i].rx_packets += packets;
		stats->queue[i].rx_bytes += counter_read(hw, IXYMIN_QBRCL(i), IXYMIN_QBRCH(i)) -
					    packets * port->fcs_len;
		stats->queue[i].rx_dropped += counter_read(hw, IXYMIN_QPRDC(i), 0);
		stats->queue[i].tx_packets += counter_read(hw, IXYMIN_QPTC(i), 0);
		stats->queue[i].tx_bytes += counter_read(hw, IXYMIN_QBTCL(i), IXYMIN_QBTCH(i));
	}
}

/* Adds what the counters have to the totals. Returns -EIO if the device is gone. */
int
ixymin_stats_update(struct ixymin_port *port)
{
	int ret = 0;

	stats_lock(&port->stats);
	if (!port->stats.frozen) {
		if (hw_is_gone(&port->hw))
			ret = -EIO;
		else
			counters_collect(port);
	}
	stats_unlock(&port->stats);
	return ret;
}

/* Before a reset: it clears the counters, and no thread may read registers meanwhile, 4.2.1.6.1. */
void
ixymin_stats_freeze(struct ixymin_port *port)
{
	stats_lock(&port->stats);
	if (!hw_is_gone(&port->hw))
		counters_collect(port);
	port->stats.frozen = true;
	stats_unlock(&port->stats);
}

void
ixymin_stats_thaw(struct ixymin_port *port)
{
	stats_lock(&port->stats);
	port->stats.frozen = false;
	stats_unlock(&port->stats);
}

static void
stats_alarm(void *arg)
{
	struct ixymin_port *port = arg;

	ixymin_stats_update(port);
	ixymin_stats_start(port);
}

void
ixymin_stats_start(struct ixymin_port *port)
{
	if (rte_eal_alarm_set(STATS_PERIOD_US, stats_alarm, port) < 0)
		IXYMIN_LOG(ERR, &port->hw, "no alarm: read statistics at least every 50 s");
}

void
ixymin_stats_stop(struct ixymin_port *port)
{
	rte_eal_alarm_cancel(stats_alarm, port);
}

/* 4.6.5: queues 0 to 14 have counters of their own, all others share the last ones. */
void
ixymin_stats_mapping_init(struct ixymin_port *port)
{
	struct ixymin_settings *settings = &port->settings;
	uint8_t q;

	for (q = 0; q < IXYMIN_RX_QUEUES; q++) {
		settings->rx_counters[q] = RTE_MIN(q, IXYMIN_QUEUE_COUNTERS - 1);
		settings->tx_counters[q] = settings->rx_counters[q];
	}
}

/* The registers have eight bits for each of four queues. */
static uint32_t
mapping_word(const uint8_t *sets)
{
	return sets[0] | sets[1] << 8 | sets[2] << 16 | sets[3] << 24;
}

void
ixymin_stats_mapping_start(struct ixymin_port *port)
{
	uint32_t n;

	for (n = 0; n < IXYMIN_RX_QUEUES / 4; n++) {
		reg_write(&port->hw, IXYMIN_RQSMR(n),
			  mapping_word(&port->settings.rx_counters[4 * n]));
		reg_write(&port->hw, IXYMIN_TQSM(n),
			  mapping_word(&port->settings.tx_counters[4 * n]));
	}
}

int
ixymin_stats_mapping_set(struct rte_eth_dev *dev, uint16_t id, uint8_t set, uint8_t is_rx)
{
	struct ixymin_port *port = ixymin_port(dev);
	uint8_t *sets = is_rx ? port->settings.rx_counters : port->settings.tx_counters;

	if (set >= IXYMIN_QUEUE_COUNTERS) {
		IXYMIN_LOG(ERR, &port->hw, "%s queue %u: no set of counters %u, there are %u",
			   is_rx ? "rx" : "tx", id, set, IXYMIN_QUEUE_COUNTERS);
		return -EINVAL;
	}
	sets[id] = set;
	if (port->started)
		ixymin_stats_mapping_start(port);
	return 0;
}

static void
port_stats_sum(const struct ixymin_stats *totals, struct rte_eth_stats *stats)
{
	uint64_t pause = 0; /* frames that the MAC has sent by itself */
	uint32_t i;

	for (i = 0; i < RTE_DIM(counters); i++) {
		switch (counters[i].sum) {
		case RX_ERRORS: stats->ierrors += totals->port[i]; break;
		case RX_MISSED: stats->imissed += totals->port[i]; break;
		case TX_PACKETS: stats->opackets += totals->port[i]; break;
		case TX_BYTES: stats->obytes += totals->port[i]; break;
		case TX_PAUSE: pause += totals->port[i]; break;
		case NONE: break;
		}
	}
	/* GPTC and GOTC count pause frames, too, and GOTC has the FCS in it. A reset of the
	 * statistics between the reads of GPTC and GOTC may leave packets without their bytes. */
	stats->opackets -= RTE_MIN(stats->opackets, pause);
	stats->obytes -= RTE_MIN(stats->obytes, RTE_ETHER_MIN_LEN * pause);
	stats->obytes -= RTE_MIN(stats->obytes, RTE_ETHER_CRC_LEN * stats->opackets);
	stats->ierrors += rte_atomic_load_explicit(&totals->rx_bad, rte_memory_order_relaxed);
	stats->oerrors += rte_atomic_load_explicit(&totals->tx_bad, rte_memory_order_relaxed);
	stats->rx_nombuf = rte_atomic_load_explicit(&totals->rx_nombuf, rte_memory_order_relaxed);
	/* GPRC also counts packets that were missed later. What the queues got is exact. */
	for (i = 0; i < IXYMIN_QUEUE_COUNTERS; i++) {
		stats->ipackets += totals->queue[i].rx_packets;
		stats->ibytes += totals->queue[i].rx_bytes;
		stats->imissed += totals->queue[i].rx_dropped;
	}
}

int
ixymin_stats_get(struct rte_eth_dev *dev, struct rte_eth_stats *stats IXYMIN_QUEUE_STATS_PARAM)
{
	struct eth_queue_stats *queues = IXYMIN_QUEUE_STATS(stats);
	struct ixymin_port *port = ixymin_port(dev);
	struct ixymin_stats *totals = &port->stats;
	int ret = ixymin_stats_update(port);
	uint32_t i;

	stats_lock(totals); /* the alarm may add to them meanwhile */
	port_stats_sum(totals, stats);
	if (queues != NULL) {
		for (i = 0; i < RTE_MIN(RTE_DIM(totals->queue), RTE_DIM(queues->q_errors)); i++) {
			queues->q_ipackets[i] = totals->queue[i].rx_packets;
			queues->q_ibytes[i] = totals->queue[i].rx_bytes;
			queues->q_errors[i] = totals->queue[i].rx_dropped;
			queues->q_opackets[i] = totals->queue[i].tx_packets;
			queues->q_obytes[i] = totals->queue[i].tx_bytes;
		}
	}
	stats_unlock(totals);
	return ret;
}

void
ixymin_stats_clear(struct ixymin_stats *stats)
{
	stats_lock(stats);
	memset(stats->port, 0, sizeof(stats->port));
	memset(stats->queue, 0, sizeof(stats->queue));
	rte_atomic_store_explicit(&stats->rx_bad, 0, rte_memory_order_relaxed);
	rte_atomic_store_explicit(&stats->rx_nombuf, 0, rte_memory_order_relaxed);
	rte_atomic_store_explicit(&stats->tx_bad, 0, rte_memory_order_relaxed);
	stats_unlock(stats);
}

int
ixymin_stats_reset(struct rte_eth_dev *dev)
{
	struct ixymin_port *port = ixymin_port(dev);
	int ret = ixymin_stats_update(port);

	ixymin_stats_clear(&port->stats);
	return ret;
}

int
ixymin_xstats_get(struct rte_eth_dev *dev, struct rte_eth_xstat *xstats, unsigned int nb)
{
	struct ixymin_port *port = ixymin_port(dev);
	unsigned int i;
	int ret;

	if (nb < RTE_DIM(counters))
		return RTE_DIM(counters);
	ret = ixymin_stats_update(port);
	stats_lock(&port->stats); /* the alarm may add to them meanwhile */
	for (i = 0; i < RTE_DIM(counters); i++) {
		xstats[i].id = i;
		xstats[i].value = port->stats.port[i];
	}
	stats_unlock(&port->stats);
	return ret < 0 ? ret : (int)RTE_DIM(counters);
}

int
ixymin_xstats_get_names(struct rte_eth_dev *dev __rte_unused, struct rte_eth_xstat_name *names,
			unsigned int nb)
{
	unsigned int i;

	if (names == NULL)
		return RTE_DIM(counters);
	for (i = 0; i < RTE_MIN(nb, RTE_DIM(counters)); i++)
		strlcpy(names[i].name, counters[i].name, sizeof(names[i].name));
	return RTE_DIM(counters);
}
