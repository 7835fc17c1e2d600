/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_vect.h>

#include "bench.h"

#define CACHE 256   /* mbufs that a pool keeps for the lcore, as in testpmd */

static double plug_ms[RTE_MAX_ETHPORTS]; /* by N of sim82599_N */

static double
since(uint64_t start)
{
	return (rte_rdtsc() - start) * 1e3 / rte_get_tsc_hz();
}

int
port_plug(const char *name, const char *arguments)
{
	uint64_t start = rte_rdtsc();
	unsigned int number;
	int ret;

	ret = rte_eal_hotplug_add("vdev", name, arguments);
	if (ret == 0 && sscanf(name, "sim82599_%u", &number) == 1 && number < RTE_MAX_ETHPORTS)
		plug_ms[number] = since(start);
	return ret;
}

static int
fail(const struct port *port, const char *what, int ret)
{
	fprintf(stderr, "bench: port %u: %s: %s\n", port->id, what, strerror(-ret));
	return ret;
}

static int
configure(const struct port *port, const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = {
		.rxmode.offloads = port->offloads->rx,
		.txmode.offloads = port->offloads->tx,
	};

	if ((conf.rxmode.offloads & ~info->rx_offload_capa) != 0 ||
	    (conf.txmode.offloads & ~info->tx_offload_capa) != 0)
		return fail(port, "the driver does not have these offloads", -ENOTSUP);
	if (port->fast_free && (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE))
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	if (port->offloads->rx & RTE_ETH_RX_OFFLOAD_RSS_HASH) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf =
			(RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP) & info->flow_type_rss_offloads;
	}
	return rte_eth_dev_configure(port->id, 1, 1, &conf);
}

static int
queues_setup(struct port *port, int socket)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	int ret;

	snprintf(name, sizeof(name), "bench_%u", port->id);
	port->pool = rte_pktmbuf_pool_create(name, port->rx_ring + port->tx_ring + 4 * CACHE - 1,
					     CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
	if (port->pool == NULL)
		return fail(port, "no memory for mbufs", -rte_errno);
	ret = rte_eth_rx_queue_setup(port->id, 0, port->rx_ring, socket, NULL, port->pool);
	if (ret < 0)
		return fail(port, "Rx queue", ret);
	ret = rte_eth_tx_queue_setup(port->id, 0, port->tx_ring, socket, NULL);
	return ret < 0 ? fail(port, "Tx queue", ret) : 0;
}

/* Which function of which file a driver has chosen. Not all drivers name their modes. */
static const char *
place(const void *function, char *text, size_t size)
{
	const char *file;
	Dl_info info;

	if (dladdr(function, &info) == 0 || info.dli_fname == NULL)
		return "?";
	file = strrchr(info.dli_fname, '/');
	snprintf(text, size, "%s+0x%tx", file != NULL ? file + 1 : info.dli_fname,
		 (const char *)function - (const char *)info.dli_fbase);
	return text;
}

static void
tell(const struct port *port, const struct rte_eth_dev_info *info)
{
	const struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[port->id];
	struct rte_eth_burst_mode rx = { .info = "?" }, tx = { .info = "?" };
	char rx_place[64], tx_place[64];

	rte_eth_rx_burst_mode_get(port->id, 0, &rx);
	rte_eth_tx_burst_mode_get(port->id, 0, &tx);
	printf("port %u: driver=%s simd=%u offloads=%s use=%d fast_free=%d ring=%u/%u rx=%s tx=%s "
	       "rx_mode=\"%s\" tx_mode=\"%s\" probe_ms=%.1f start_ms=%.1f reg_accesses=%" PRIu64
	       "\n", port->id, info->driver_name, port->simd,
	       port->offloads->name, port->use,
	       port->fast_free && (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE),
	       port->rx_ring, port->tx_ring,
	       place((const void *)ops->rx_pkt_burst, rx_place, sizeof(rx_place)),
	       place((const void *)ops->tx_pkt_burst, tx_place, sizeof(tx_place)),
	       rx.info, tx.info, plug_ms[port->id], port->start_ms,
	       device_counter(port, "reg_reads") + device_counter(port, "reg_writes"));
}

int
port_start(struct port *port)
{
	int socket = rte_eth_dev_socket_id(port->id);
	struct rte_eth_dev_info info;
	uint64_t start = rte_rdtsc();
	struct rte_eth_link link;
	int ret;

	ret = rte_eth_dev_info_get(port->id, &info);
	if (ret < 0)
		return fail(port, "info", ret);
	/* Drivers read it when they choose their burst functions, here and at start. */
	ret = rte_vect_set_max_simd_bitwidth(port->simd);
	if (ret < 0)
		return fail(port, "EAL's --force-max-simd-bitwidth excludes simd=", ret);
	ret = configure(port, &info);
	if (ret < 0)
		return fail(port, "configuration", ret);
	ret = queues_setup(port, socket);
	if (ret < 0)
		return ret;
	/* as testpmd does; not all drivers have it */
	if (!(port->offloads->rx & RTE_ETH_RX_OFFLOAD_RSS_HASH))
		rte_eth_dev_set_ptypes(port->id, RTE_PTYPE_UNKNOWN, NULL, 0);
	ret = rte_eth_dev_start(port->id);
	if (ret < 0)
		return fail(port, "start", ret);
	ret = rte_eth_link_get(port->id, &link);
	if (ret < 0 || link.link_status != RTE_ETH_LINK_UP)
		return fail(port, "no link", -ENOLINK);
	port->start_ms = since(start);
	tell(port, &info);
	return 0;
}

void
port_stop(struct port *port)
{
	if (rte_eth_dev_is_valid_port(port->id) && rte_eth_dev_stop(port->id) == 0)
		rte_eth_dev_close(port->id);
}
