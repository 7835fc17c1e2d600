/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Receives packets on all ports, and prints every field that the ethdev API defines of every mbuf.
 * It judges nothing: the test (pytest) knows what was sent.
 *
 *   receiver <EAL arguments> -- [KEY=N]...    see the table of arguments at the end
 *
 * All that a driver has to write is filled with something else beforehand, whenever an mbuf goes to
 * the pool, so that nothing is right by chance.  What a driver may rely on in a free mbuf is kept:
 * one reference, one segment, no next one (rte_mbuf_raw_free).
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define BURST    32
#define NB_MBUF  1023
#define PATIENCE 60 /* seconds without a packet */

static struct rte_mempool *pools[RTE_MAX_ETHPORTS];

static struct {
	uint64_t packets, rxd, offloads, rss_hf, room, mtu, mtu_running;
} args = { .rxd = 128, .room = RTE_MBUF_DEFAULT_DATAROOM };

/* The key that comes with the definition of the hash */
static uint8_t rss_key[] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void
check(const char *what, uint16_t port, int ret)
{
	if (ret >= 0)
		return;
	printf("failed: port %u: %s: %d (%s)\n", port, what, ret, rte_strerror(-ret));
	exit(1);
}

static void
poison(struct rte_mbuf *m)
{
	m->data_off = 0xdead;
	m->port = 0xdead;
	m->ol_flags = ~UINT64_C(0) & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
	m->packet_type = 0xdeadbeef;
	m->pkt_len = 0xdeadbeef;
	m->data_len = 0xdead;
	m->vlan_tci = 0xdead;
	m->vlan_tci_outer = 0xdead;
	m->hash.rss = 0xdeadbeef;
	m->hash.fdir.hi = 0xdeadbeef;
	m->tx_offload = ~UINT64_C(0);
}

static void
poison_pool(struct rte_mempool *pool, void *arg, void *m, unsigned int index)
{
	(void)pool;
	(void)arg;
	(void)index;
	poison(m);
}

static void
set_up(uint16_t port)
{
	struct rte_eth_conf conf = {
		.rxmode = {
			.offloads = args.offloads,
			.mtu = args.mtu,
			.mq_mode = args.rss_hf != 0 ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE,
		},
		.rx_adv_conf.rss_conf = {
			.rss_hf = args.rss_hf,
			.rss_key = args.rss_hf != 0 ? rss_key : NULL,
			.rss_key_len = args.rss_hf != 0 ? sizeof(rss_key) : 0,
		},
	};
	char name[32];

	snprintf(name, sizeof(name), "pool_%u", port);
	/* no cache: each burst gets mbufs that others had before */
	pools[port] = rte_pktmbuf_pool_create(name, NB_MBUF, 0, 0,
					      args.room + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	if (pools[port] == NULL)
		check("pool", port, -rte_errno);
	rte_mempool_obj_iter(pools[port], poison_pool, NULL);
	check("configure", port, rte_eth_dev_configure(port, 1, 1, &conf));
	check("rx queue", port, rte_eth_rx_queue_setup(port, 0, args.rxd, SOCKET_ID_ANY, NULL,
						       pools[port]));
	check("tx queue", port, rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL));
	check("start", port, rte_eth_dev_start(port));
	if (args.mtu_running != 0)
		check("MTU", port, rte_eth_dev_set_mtu(port, args.mtu_running));
	check("promiscuous", port, rte_eth_promiscuous_enable(port));
}

static void
print_segment(const struct rte_mbuf *m, uint16_t on)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

	printf("mbuf on=%u port=%u nb_segs=%u pkt_len=%u data_len=%u data_off=%u refcnt=%u "
	       "ol_flags=%" PRIu64 " packet_type=%u vlan_tci=%u vlan_tci_outer=%u rss=%u next=%u "
	       "own_pool=%u data=", on, m->port, m->nb_segs, m->pkt_len, m->data_len, m->data_off,
	       rte_mbuf_refcnt_read(m), m->ol_flags, m->packet_type, m->vlan_tci, m->vlan_tci_outer,
	       m->hash.rss, m->next != NULL, m->pool == pools[on]);
	/* a wrong length must not end the program, but be seen */
	for (uint16_t i = 0; i < RTE_MIN((uint64_t)m->data_len, args.room); i++)
		printf("%02x", data[i]);
	printf("\n");
}

static void
receive(void)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	uint64_t left[RTE_MAX_ETHPORTS], all = 0;
	struct rte_mbuf *pkts[BURST], *m, *next;
	uint16_t port, nb, i;

	RTE_ETH_FOREACH_DEV(port) {
		left[port] = args.packets;
		all += args.packets;
	}
	while (all > 0 && rte_get_timer_cycles() < deadline) {
		RTE_ETH_FOREACH_DEV(port) {
			nb = rte_eth_rx_burst(port, 0, pkts, BURST);
			for (i = 0; i < nb; i++) {
				for (m = pkts[i]; m != NULL; m = next) {
					next = m->next;
					print_segment(m, port);
					m->next = NULL;
					m->nb_segs = 1;
					poison(m);
					rte_mbuf_raw_free(m);
				}
			}
			if (nb > 0)
				deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
			all -= RTE_MIN(nb, left[port]);
			left[port] -= RTE_MIN(nb, left[port]);
		}
	}
}

static const struct {
	const char *name;
	uint64_t *value;
} keys[] = {
	{ "packets", &args.packets },   /* receive this number on each port, then end */
	{ "rxd", &args.rxd },           /* descriptors of a receive ring */
	{ "offloads", &args.offloads }, /* RTE_ETH_RX_OFFLOAD_ */
	{ "room", &args.room },         /* bytes of a buffer behind the headroom */
	{ "mtu", &args.mtu },
	{ "mtu_running", &args.mtu_running }, /* set when the port runs; 0: not */
	{ "rss_hf", &args.rss_hf },     /* RTE_ETH_RSS_; 0: no RSS */
};

int
main(int argc, char *argv[])
{
	int ret = rte_eal_init(argc, argv);
	uint16_t port;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ret < 0)
		check("EAL", 0, -rte_errno);
	for (argv += ret + 1; *argv != NULL; argv++) {
		char *value = strchr(*argv, '=');

		if (value != NULL)
			*value++ = '\0';
		for (i = 0; i < RTE_DIM(keys) && strcmp(keys[i].name, *argv) != 0; i++)
			;
		if (i == RTE_DIM(keys) || value == NULL)
			check(*argv, 0, -EINVAL);
		*keys[i].value = strtoull(value, NULL, 0);
	}
	RTE_ETH_FOREACH_DEV(port)
		set_up(port);
	printf("ready\n");
	receive();
	RTE_ETH_FOREACH_DEV(port)
		check("stop", port, rte_eth_dev_stop(port));
	printf("end\n");
	rte_eal_cleanup();
	return 0;
}
