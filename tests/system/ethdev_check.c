/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What no stock program does with a port: thousands of starts and probes, a pool that runs
 * dry, calls that are wrong.  It knows the ethdev API only, and judges nothing: it prints what
 * it did and what came of it, and the tests (pytest) compare.
 *
 *   ethdev-check <EAL arguments> -- CHECK[=N]...    on port 0, see the table at the end
 */

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_memzone.h>
#include <rte_power_intrinsics.h>
#include <rte_version.h>

#define PORT     0
#define NB_MBUF  8191
#define NB_DESC  512
#define BURST    32
#define PATIENCE 60 /* seconds without progress, on a machine that is slow and busy */

static struct rte_mempool *pool;

static void
fail(const char *what, int ret)
{
	printf("failed: %s: %d (%s)\n", what, ret, rte_strerror(-ret));
	exit(1);
}

static void
check(const char *what, int ret)
{
	if (ret < 0)
		fail(what, ret);
}

static int
configure(uint16_t nb_queues)
{
	const struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };

	return rte_eth_dev_configure(PORT, nb_queues, nb_queues, &conf);
}

/* One queue of each direction */
static void
set_up(void)
{
	check("configure", configure(1));
	check("rx queue", rte_eth_rx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, NULL, pool));
	check("tx queue", rte_eth_tx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, NULL));
}

static void
start(void)
{
	check("start", rte_eth_dev_start(PORT));
	check("promiscuous", rte_eth_promiscuous_enable(PORT));
}

static void
stop(void)
{
	check("stop", rte_eth_dev_stop(PORT));
}

/* Forward to the port itself, until this number of packets came. */
static void
forward(uint64_t nb_packets, uint64_t *rx_bursts, uint64_t *tx_bursts)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	struct rte_mbuf *pkts[BURST];
	uint64_t received = 0;
	uint16_t nb, sent;

	while (received < nb_packets) {
		nb = rte_eth_rx_burst(PORT, 0, pkts, BURST);
		if (nb == 0) {
			if (rte_get_timer_cycles() > deadline)
				fail("receive", -ETIMEDOUT);
			continue;
		}
		received += nb;
		(*rx_bursts)++;
		for (sent = 0; sent < nb;) {
			uint16_t n = rte_eth_tx_burst(PORT, 0, pkts + sent, nb - sent);

			sent += n;
			*tx_bursts += n > 0;
			if (n > 0)
				deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
			else if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
		}
	}
}

static unsigned int
entries_of(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned int n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* The fewest within half a second: one that has been told to end may still be seen for a while. */
static unsigned int
threads(void)
{
	unsigned int least = UINT_MAX;

	for (unsigned int i = 0; i < 50; i++) {
		least = RTE_MIN(least, entries_of("/proc/self/task"));
		rte_delay_us_sleep(10000);
	}
	return least;
}

static void
count_zone(const struct rte_memzone *zone, void *n)
{
	(void)zone;
	++*(unsigned int *)n;
}

/* All that may leak */
static void
print_resources(const char *when)
{
	struct rte_malloc_socket_stats heap;
	unsigned int zones = 0, blocks = 0, nb_threads = threads();

	rte_memzone_walk(count_zone, &zones);
	for (unsigned int s = 0; s < rte_socket_count(); s++)
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(s), &heap) == 0)
			blocks += heap.alloc_count;
	printf("resources %s: mbufs %u, memzones %u, heap blocks %u, descriptors %u, threads %u\n",
	       when, rte_mempool_in_use_count(pool), zones, blocks, entries_of("/proc/self/fd"),
	       nb_threads);
}

/* N times start and stop; now and then with traffic, in both rings when it stops */
static void
check_restart(unsigned int n)
{
	uint64_t rx = 0, tx = 0;

	set_up();
	start();
	stop();
	print_resources("before");
	for (unsigned int i = 0; i < n; i++) {
		start();
		if (i % 20 == 0)
			forward(NB_DESC / 4 + i, &rx, &tx);
		stop();
	}
	print_resources("after");
	printf("bursts with packets: rx %s, tx %s\n", rx > 0 ? "yes" : "no", tx > 0 ? "yes" : "no");
}

static void
send_to_itself(void)
{
	struct rte_mbuf *pkt = rte_pktmbuf_alloc(pool);
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();

	if (pkt == NULL || rte_pktmbuf_append(pkt, 60) == NULL)
		fail("mbuf", -ENOMEM);
	memset(rte_pktmbuf_mtod(pkt, void *), 0x55, 60);
	while (rte_eth_tx_burst(PORT, 0, &pkt, 1) == 0)
		if (rte_get_timer_cycles() > deadline)
			fail("send", -ETIMEDOUT);
}

/* @return whether the interrupt came */
static int
wait_for_event(int seconds)
{
	struct rte_epoll_event event;
	int n = rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, seconds * 1000);

	check("epoll", n);
	if (n > 0 && event.epdata.data != &send_to_itself)
		fail("another event", -EINVAL);
	return n;
}

/* One packet sent to itself. @return whether the Rx interrupt came, then the packet; -1: none */
static int
wait_for_packet(void)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	struct rte_mbuf *pkts[BURST];
	int n;

	send_to_itself();
	n = wait_for_event(PATIENCE);
	while (rte_eth_rx_burst(PORT, 0, pkts, BURST) == 0)
		if (rte_get_timer_cycles() > deadline)
			return -1;
	rte_pktmbuf_free(pkts[0]);
	return n;
}

static int
count_event(uint16_t port, enum rte_eth_event_type type, void *count, void *unused)
{
	(void)port, (void)type, (void)unused;
	__atomic_fetch_add((unsigned int *)count, 1, __ATOMIC_RELAXED);
	return 0;
}

static void
set_up_interrupts(uint16_t nb_queues, bool rxq, bool lsc)
{
	const struct rte_eth_conf conf = { .intr_conf = { .rxq = rxq, .lsc = lsc } };
	const uint16_t nb_desc = nb_queues > 16 ? 64 : NB_DESC;

	check("configure", rte_eth_dev_configure(PORT, nb_queues, 1, &conf));
	for (uint16_t q = 0; q < nb_queues; q++)
		check("rx queue", rte_eth_rx_queue_setup(PORT, q, nb_desc, SOCKET_ID_ANY, NULL,
							 pool));
	check("tx queue", rte_eth_tx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, NULL));
}

static void
control_interrupts(uint16_t nb_queues, int op)
{
	for (uint16_t q = 0; q < nb_queues; q++)
		check("rx_intr_ctl_q", rte_eth_dev_rx_intr_ctl_q(PORT, q, RTE_EPOLL_PER_THREAD, op,
								 q == 0 ? (void *)&send_to_itself :
								 NULL));
}

/* N times a start with Rx interrupts, and one without: what is asked for is there. lsc: with the
 * link's interrupt, too, which comes after each start */
static void
restart_with_interrupts(unsigned int n, bool lsc)
{
	unsigned int woken = 0, early = 0, refused = 0, not_enabled = 0, events = 0, before;
	struct rte_epoll_event event;
	uint64_t deadline;
	uint16_t nb_queues;

	check("callback", rte_eth_dev_callback_register(PORT, RTE_ETH_EVENT_INTR_LSC, count_event,
							&events));
	for (unsigned int i = 0; i < 2 * n; i++) {
		nb_queues = 1 + i / 2 % 3;
		set_up_interrupts(nb_queues, i % 2 == 0, lsc);
		before = __atomic_load_n(&events, __ATOMIC_RELAXED);
		start();
		if (i % 2 != 0) {
			refused += rte_eth_dev_rx_intr_ctl_q(PORT, 0, RTE_EPOLL_PER_THREAD,
							     RTE_INTR_EVENT_ADD, NULL) < 0;
			not_enabled += rte_eth_dev_rx_intr_enable(PORT, 0) == -ENOTSUP;
		} else {
			control_interrupts(nb_queues, RTE_INTR_EVENT_ADD);
			for (int k = 0; k < 3; k++) {
				check("rx_intr_enable", rte_eth_dev_rx_intr_enable(PORT, 0));
				early += rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, 0) != 0;
				woken += wait_for_packet() == 1;
				check("rx_intr_disable", rte_eth_dev_rx_intr_disable(PORT, 0));
			}
			control_interrupts(nb_queues, RTE_INTR_EVENT_DEL);
		}
		deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
		while (lsc && __atomic_load_n(&events, __ATOMIC_RELAXED) == before)
			if (rte_get_timer_cycles() > deadline)
				fail("link event", -ETIMEDOUT);
		stop();
		if (i == 5) /* each number of queues has been there */
			print_resources("before");
	}
	print_resources("after");
	printf("woken %u, before a packet came %u, refused %u\n", woken, early, refused);
	printf("enabled though not configured: %u\n", n - not_enabled);
}

static void
check_rxintr(unsigned int n)
{
	restart_with_interrupts(n, false);
}

static void
check_rxintr_lsc(unsigned int n)
{
	restart_with_interrupts(n, true);
}

/* The packets come to queue 0. Of N queues the last one has its vector, too. */
static void
check_rxshare(unsigned int n)
{
	uint16_t other = n - 1;
	struct rte_mbuf *pkts[BURST];
	unsigned int late = 0;

	set_up_interrupts(n, true, false);
	start();
	control_interrupts(n, RTE_INTR_EVENT_ADD);
	for (int k = 0; k < 3; k++) {
		check("enable", rte_eth_dev_rx_intr_enable(PORT, other));
		check("enable", rte_eth_dev_rx_intr_enable(PORT, 0));
		check("disable", rte_eth_dev_rx_intr_disable(PORT, other));
		printf("shared: the other one disabled: woken %d\n", wait_for_packet());
		check("disable", rte_eth_dev_rx_intr_disable(PORT, 0));
		check("enable", rte_eth_dev_rx_intr_enable(PORT, other));
		send_to_itself();
		printf("shared: the other one enabled: woken %d\n", wait_for_event(PATIENCE));
		check("disable", rte_eth_dev_rx_intr_disable(PORT, other));
		check("enable", rte_eth_dev_rx_intr_enable(PORT, 0));
		printf("shared: enabled while a packet waits: woken %d\n",
		       wait_for_event(PATIENCE));
		check("disable", rte_eth_dev_rx_intr_disable(PORT, 0));
		printf("shared: received %u\n", rte_eth_rx_burst(PORT, 0, pkts, BURST));
		rte_pktmbuf_free(pkts[0]);
		send_to_itself();
		late += wait_for_event(1);
		check("enable", rte_eth_dev_rx_intr_enable(PORT, 0));
		printf("shared: disabled, then enabled: woken %d\n", wait_for_event(PATIENCE));
		check("disable", rte_eth_dev_rx_intr_disable(PORT, 0));
		printf("shared: received %u\n", rte_eth_rx_burst(PORT, 0, pkts, BURST));
		rte_pktmbuf_free(pkts[0]);
	}
	printf("woken while disabled: %u\n", late);
	stop();
}

/* N times unplug and plug, each time with a whole life in between */
static void
check_reprobe(unsigned int n)
{
	const char *name = "sim82599_0";
	struct rte_devargs *devargs;
	uint64_t rx = 0, tx = 0;
	char args[512] = "";

	RTE_EAL_DEVARGS_FOREACH("vdev", devargs)
		if (strcmp(devargs->name, name) == 0)
			snprintf(args, sizeof(args), "%s", devargs->args);
	for (unsigned int i = 0; i <= n; i++) {
		check("unplug", rte_eal_hotplug_remove("vdev", name));
		if (i == 0 || i == n)
			print_resources(i == 0 ? "before" : "after");
		check("plug", rte_eal_hotplug_add("vdev", name, args));
		set_up();
		if (i % 10 == 0) {
			start();
			forward(100, &rx, &tx);
		}
		if (i % 3 != 0) {
			stop();
			check("close", rte_eth_dev_close(PORT));
		}
	}
}

/* How many packets the Rx ring takes without refill, for the pool is dry */
static unsigned int
ring_capacity(struct rte_mbuf **pkts, unsigned int max)
{
	uint64_t last = rte_get_timer_cycles();
	unsigned int n = 0;
	uint16_t nb;

	while (n + BURST <= max && rte_get_timer_cycles() < last + rte_get_timer_hz() / 2) {
		nb = rte_eth_rx_burst(PORT, 0, pkts + n, BURST);
		n += nb;
		if (nb > 0)
			last = rte_get_timer_cycles();
		else
			rte_delay_us_sleep(20);
	}
	return n;
}

/* Take all mbufs away from the driver, so that it runs dry; give them back; N times. */
static void
check_starve(unsigned int n)
{
	static struct rte_mbuf *hoard[NB_MBUF], *pkts[NB_MBUF];
	uint64_t rx = 0, tx = 0, nombuf;
	struct rte_eth_stats stats;
	unsigned int nb_hoard, nb;

	set_up();
	start();
	for (unsigned int i = 0; i < n; i++) {
		forward(5000, &rx, &tx);
		for (nb_hoard = 0; nb_hoard < NB_MBUF; nb_hoard++) {
			hoard[nb_hoard] = rte_pktmbuf_alloc(pool);
			if (hoard[nb_hoard] == NULL)
				break;
		}
		nb = ring_capacity(pkts, NB_MBUF);
		check("stats", rte_eth_stats_get(PORT, &stats));
		nombuf = stats.rx_nombuf;
		printf("dry: received %u of %u descriptors, rx_nombuf %s\n", nb, NB_DESC,
		       nombuf > 0 ? "counted" : "0");
		check("reset", rte_eth_stats_reset(PORT));
		while (nb > 0)
			rte_pktmbuf_free(pkts[--nb]);
		while (nb_hoard > 0)
			rte_pktmbuf_free(hoard[--nb_hoard]);
	}
	forward(100000, &rx, &tx);
	stop();
	print_resources("after");
}

/* Send N mbufs that are not alike: of two pools, some of them held, or clones of held ones. All
 * of them must come back to where they belong. */
static void
check_return(unsigned int n)
{
	struct rte_mempool *other = rte_pktmbuf_pool_create(
		"other", NB_MBUF, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct rte_mbuf *m, *held[64];
	unsigned int nb_held = 0;
	uint64_t deadline;

	if (other == NULL)
		fail("other pool", -rte_errno);
	set_up();
	start();
	deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	for (unsigned int i = 0; i < n; i++) {
		m = rte_pktmbuf_alloc(i % 3 != 0 ? pool : other);
		if (m == NULL || rte_pktmbuf_append(m, 60) == NULL)
			fail("mbuf", -ENOMEM);
		memset(rte_pktmbuf_mtod(m, void *), 0, 60);
		if (i % 5 == 0 && nb_held < RTE_DIM(held)) {
			held[nb_held++] = m;
			if (i % 2 == 0)
				rte_mbuf_refcnt_update(m, 1);
			else
				m = rte_pktmbuf_clone(m, other);
		}
		while (rte_eth_tx_burst(PORT, 0, &m, 1) == 0)
			if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
	}
	stop();
	for (unsigned int i = 0; i < nb_held; i++)
		printf("held: %u references\n", rte_mbuf_refcnt_read(held[i]));
	rte_pktmbuf_free_bulk(held, nb_held);
	printf("not back: %u, %u of the other pool\n", rte_mempool_in_use_count(pool),
	       rte_mempool_in_use_count(other));
}

/* How many of the mbufs in use come back if asked so; gives up after a second without one. */
static unsigned int
ask_back(struct rte_mempool *from, bool by_cleanup, int *cleaned)
{
	unsigned int before = rte_mempool_in_use_count(from), left = before, now;
	uint64_t last = rte_get_timer_cycles();
	int ret;

	while (left > 0 && rte_get_timer_cycles() < last + rte_get_timer_hz()) {
		if (by_cleanup) {
			ret = rte_eth_tx_done_cleanup(PORT, 0, 20);
			if (ret < 0 || ret > 20)
				fail("tx_done_cleanup", ret);
			*cleaned += ret;
		} else {
			rte_eth_tx_burst(PORT, 0, NULL, 0);
		}
		now = rte_mempool_in_use_count(from);
		if (now != left)
			last = rte_get_timer_cycles();
		left = now;
	}
	return before - left;
}

/* N times: send a pool's mbufs, fewer than the ring has descriptors, then none any more, and ask
 * for them; in turn by an empty burst and by tx_done_cleanup, with bursts of other lengths. */
static void
check_silent(unsigned int n)
{
	struct rte_mempool *few = rte_pktmbuf_pool_create("few", 255, 0, 0,
							  RTE_MBUF_DEFAULT_BUF_SIZE,
							  SOCKET_ID_ANY);
	struct rte_mbuf *pkts[BURST];
	unsigned int nb, sent;
	uint64_t deadline;

	if (few == NULL)
		fail("pool", -rte_errno);
	set_up();
	start();
	for (unsigned int i = 0; i < n; i++) {
		unsigned int burst = 1 + i * 7 % BURST, back;
		int cleaned = 0;

		deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
		for (;;) {
			nb = RTE_MIN(burst, rte_mempool_avail_count(few));
			if (nb == 0 || rte_pktmbuf_alloc_bulk(few, pkts, nb) != 0)
				break;
			for (unsigned int k = 0; k < nb; k++)
				memset(rte_pktmbuf_append(pkts[k], 60), 0, 60);
			for (sent = 0; sent < nb;) {
				sent += rte_eth_tx_burst(PORT, 0, pkts + sent, nb - sent);
				if (rte_get_timer_cycles() > deadline)
					fail("send", -ETIMEDOUT);
			}
		}
		back = ask_back(few, i % 2 != 0, &cleaned);
		if (i % 2 != 0)
			printf("bursts of %u: by tx_done_cleanup %u of %u back, %d told\n",
			       burst, back, few->size, cleaned);
		else
			printf("bursts of %u: by an empty burst %u of %u back\n",
			       burst, back, few->size);
	}
	stop();
}

/* N packets, and in how many bursts they came and went */
static void
check_bursts(unsigned int n)
{
	uint64_t rx = 0, tx = 0;

	set_up();
	start();
	forward(n, &rx, &tx);
	printf("bursts with packets: rx %" PRIu64 ", tx %" PRIu64 "\n", rx, tx);
	stop();
}

/* The same extended statistics, whichever way one asks */
static void
check_xstats(unsigned int n)
{
	int nb = rte_eth_xstats_get(PORT, NULL, 0), wrong = 0;
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *all;
	uint64_t rx = 0, tx = 0, id, value;

	set_up();
	start();
	forward(n, &rx, &tx);
	stop();
	nb = rte_eth_xstats_get(PORT, NULL, 0);
	check("xstats", nb);
	all = calloc(nb, sizeof(*all));
	names = calloc(nb, sizeof(*names));
	if (all == NULL || names == NULL || rte_eth_xstats_get(PORT, all, nb) != nb ||
	    rte_eth_xstats_get_names(PORT, names, nb) != nb)
		fail("xstats", -EINVAL);
	for (int i = nb - 1; i >= 0; i--) {
		struct rte_eth_xstat_name name = { "" };
		uint64_t by_name = UINT64_MAX, index = i;

		value = 0;
		if (rte_eth_xstats_get_id_by_name(PORT, names[i].name, &by_name) != 0 ||
		    rte_eth_xstats_get_names_by_id(PORT, &name, 1, &index) != 1 ||
		    rte_eth_xstats_get_by_id(PORT, &by_name, &value, 1) != 1 || by_name != index ||
		    all[i].id != index || strcmp(name.name, names[i].name) != 0 ||
		    value != all[i].value) {
			wrong++;
			printf("xstat %d '%s': id %" PRIu64 " by name, '%s' by id, value %" PRIu64
			       ", by id %" PRIu64 "\n", i, names[i].name, by_name, name.name,
			       all[i].value, value);
		}
	}
	id = nb;
	printf("xstats: %d, wrong %d, beyond the last: %s\n", nb, wrong,
	       rte_eth_xstats_get_by_id(PORT, &id, &value, 1) < 0 ? "refused" : "taken");
	printf("too small an array: %s\n",
	       rte_eth_xstats_get(PORT, all, nb - 1) == nb ? "number needed" : "wrong");
	free(all);
	free(names);
}

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
/* Forward N packets, and let the receive ring have the mbufs that were sent, without a pool */
static void
check_recycle(unsigned int n)
{
	struct rte_eth_recycle_rxq_info info;
	uint64_t rx = 0, tx = 0, recycled = 0;

	set_up();
	start();
	check("recycle info", rte_eth_recycle_rx_queue_info_get(PORT, 0, &info));
	for (unsigned int i = 0; i < n; i += BURST) {
		recycled += rte_eth_recycle_mbufs(PORT, 0, PORT, 0, &info);
		forward(BURST, &rx, &tx);
	}
	printf("recycled: %" PRIu64 " mbufs, %u at a time\n", recycled, info.refill_requirement);
	stop();
}
#endif

static int
rx_queue(uint16_t nb_desc, struct rte_mempool *from)
{
	return rte_eth_rx_queue_setup(PORT, 0, nb_desc, SOCKET_ID_ANY, NULL, from);
}

static int
tx_queue(uint16_t nb_desc)
{
	return rte_eth_tx_queue_setup(PORT, 0, nb_desc, SOCKET_ID_ANY, NULL);
}

static int
configure_offloads(uint64_t rx, uint64_t tx)
{
	const struct rte_eth_conf conf = { .rxmode.offloads = rx, .txmode.offloads = tx };

	return rte_eth_dev_configure(PORT, 1, 1, &conf);
}

/* Send mbufs of one pool, with MBUF_FAST_FREE if N is not 0. The first of them are held here, too,
 * against the promise that goes with that offload: a driver that relies on it gives them back to
 * the pool as they are, and one that frees mbufs one by one takes only its own reference away. Four
 * times a ring, so that all of these are reclaimed while the port runs; and fewer than the pool
 * has, which hands out last what came back last, so that none of them is sent again. */
static void
check_fast_free(unsigned int n)
{
	struct rte_mempool *from = rte_pktmbuf_pool_create("sent", NB_MBUF, 0, 0,
							   RTE_MBUF_DEFAULT_BUF_SIZE,
							   SOCKET_ID_ANY);
	struct rte_mbuf *m, *held[64];
	uint64_t deadline;

	if (from == NULL)
		fail("pool of what is sent", -rte_errno);
	check("configure", configure_offloads(0, n != 0 ? RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE : 0));
	check("rx queue", rx_queue(NB_DESC, pool));
	check("tx queue", tx_queue(NB_DESC));
	start();
	deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	for (unsigned int i = 0; i < 4 * NB_DESC; i++) {
		m = rte_pktmbuf_alloc(from);
		if (m == NULL || rte_pktmbuf_append(m, 60) == NULL)
			fail("mbuf", -ENOMEM);
		memset(rte_pktmbuf_mtod(m, void *), 0, 60);
		if (i < RTE_DIM(held)) {
			held[i] = m;
			rte_mbuf_refcnt_update(m, 1);
		}
		while (rte_eth_tx_burst(PORT, 0, &m, 1) == 0)
			if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
	}
	stop();
	for (unsigned int i = 0; i < RTE_DIM(held); i++)
		printf("held: %u references\n", rte_mbuf_refcnt_read(held[i]));
	printf("not back: %u\n", rte_mempool_in_use_count(from));
}

static const char *
result(int ret)
{
	switch (ret) {
	case 0: return "ok";
	case -EINVAL: return "EINVAL";
	case -ENOTSUP: return "ENOTSUP";
	case -EBUSY: return "EBUSY";
	case -ENODEV: return "ENODEV";
	case -ENOMEM: return "ENOMEM";
	case -EIO: return "EIO";
	default: return ret < 0 ? "another error" : "not an error";
	}
}

static void
wait_link(void)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	struct rte_eth_link link;

	do {
		check("link", rte_eth_link_get_nowait(PORT, &link));
		if (rte_get_timer_cycles() > deadline)
			fail("link", -ETIMEDOUT);
	} while (link.link_status != RTE_ETH_LINK_UP);
}

static void
print_link(const char *when)
{
	struct rte_eth_link link;

	check("link", rte_eth_link_get(PORT, &link));
	printf("link %s: %s, %s, %s\n", when, link.link_status ? "up" : "down",
	       rte_eth_link_speed_to_str(link.link_speed), link.link_duplex ? "full" : "half");
}

/* N starts, each time asking just once, in the way that lets the driver wait */
static void
check_link(unsigned int n)
{
	set_up();
	for (unsigned int i = 0; i < n; i++) {
		start();
		print_link("started");
		stop();
		print_link("stopped");
	}
}

static const char *
state(uint8_t queue_state)
{
	return queue_state == RTE_ETH_QUEUE_STATE_STARTED ? "started" : "stopped";
}

/* What is told of N queues of each direction */
static void
check_queues(unsigned int n)
{
	struct rte_eth_rxconf rx_conf = { .rx_drop_en = 1 };
	struct rte_eth_rxq_info rx;
	struct rte_eth_txq_info tx;

	check("configure", configure(n));
	for (unsigned int q = 0; q < n; q++) {
		rx_conf.rx_drop_en = q % 2;
		check("rx queue", rte_eth_rx_queue_setup(PORT, q, 64 << q, SOCKET_ID_ANY, &rx_conf,
							 pool));
		check("tx queue", rte_eth_tx_queue_setup(PORT, q, 128 << q, SOCKET_ID_ANY, NULL));
	}
	for (int started = 0; started < 2; started++) {
		if (started)
			start();
		for (unsigned int q = 0; q < n; q++) {
			check("rx info", rte_eth_rx_queue_info_get(PORT, q, &rx));
			check("tx info", rte_eth_tx_queue_info_get(PORT, q, &tx));
			printf("queue %u: rx ring %u, %s pool, drop %u, scattered %u, buffer %u, ",
			       q, rx.nb_desc, rx.mp == pool ? "its" : "another",
			       rx.conf.rx_drop_en, rx.scattered_rx, rx.rx_buf_size);
			printf("%s; tx ring %u, %s\n", state(rx.queue_state), tx.nb_desc,
			       state(tx.queue_state));
		}
	}
	stop();
}

static const char *
queue_state(void)
{
	struct rte_eth_rxq_info info;

	check("rx info", rte_eth_rx_queue_info_get(PORT, 0, &info));
	return state(info.queue_state);
}

/* A receive queue that does not start with the port; N times started, with traffic, and stopped */
static void
check_deferred(unsigned int n)
{
	const struct rte_eth_rxconf conf = { .rx_deferred_start = 1 };
	uint64_t rx = 0, tx = 0;
	struct rte_mbuf *pkt;

	check("configure", configure(1));
	check("rx queue", rte_eth_rx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, &conf, pool));
	check("tx queue", rte_eth_tx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, NULL));
	start();
	printf("with the port: %s\n", queue_state());
	for (unsigned int i = 0; i < n; i++) {
		check("start", rte_eth_dev_rx_queue_start(PORT, 0));
		if (i == 0)
			printf("started: %s\n", queue_state());
		forward(NB_DESC + i, &rx, &tx);
		check("stop", rte_eth_dev_rx_queue_stop(PORT, 0));
		for (unsigned int k = 0; k < 1000; k++)
			if (rte_eth_rx_burst(PORT, 0, &pkt, 1) != 0)
				fail("received by a stopped queue", -EINVAL);
	}
	printf("stopped: %s\n", queue_state());
	stop();
	start();
	printf("with the port: %s\n", queue_state());
	stop();
	print_resources("after");
}

static void
send_to_wire(unsigned int n)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < n; i++) {
		m = rte_pktmbuf_alloc(pool);
		if (m == NULL || rte_pktmbuf_append(m, 60) == NULL)
			fail("mbuf", -ENOMEM);
		memset(rte_pktmbuf_mtod(m, void *), 0, 60);
		while (rte_eth_tx_burst(PORT, 0, &m, 1) == 0)
			if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
	}
}

static void
print_tx_descriptors(const char *when)
{
	const uint16_t offsets[] = { 0, NB_DESC - 7, NB_DESC - 6, NB_DESC - 2, NB_DESC - 1 };

	printf("tx descriptors %s:", when);
	for (unsigned int i = 0; i < RTE_DIM(offsets); i++) {
		int ret = rte_eth_tx_descriptor_status(PORT, 0, offsets[i]);

		printf(" %u %s", offsets[i], ret == RTE_ETH_TX_DESC_DONE ? "done" :
		       ret == RTE_ETH_TX_DESC_FULL ? "full" : "unavailable");
	}
	printf(" %u %s\n", NB_DESC,
	       rte_eth_tx_descriptor_status(PORT, 0, NB_DESC) == -EINVAL ? "EINVAL" : "taken");
}

static const char *
tx_queue_state(void)
{
	struct rte_eth_txq_info info;

	check("tx info", rte_eth_tx_queue_info_get(PORT, 0, &info));
	return state(info.queue_state);
}

/* A transmit queue that does not start with the port; N times given 5 packets while it is stopped,
 * started, given 100 packets, and stopped when they are sent */
static void
check_tx_deferred(unsigned int n)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	const struct rte_eth_txconf conf = { .tx_deferred_start = 1 };
	struct rte_eth_burst_mode mode = { .flags = 0 };
	struct rte_eth_stats stats;

	check("configure", configure(1));
	check("rx queue", rte_eth_rx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, NULL, pool));
	check("tx queue", rte_eth_tx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, &conf));
	start();
	wait_link();
	check("burst mode", rte_eth_tx_burst_mode_get(PORT, 0, &mode));
	printf("burst mode: %s\n", mode.info);
	printf("with the port: %s\n", tx_queue_state());
	for (unsigned int i = 0; i < n; i++) {
		send_to_wire(5);
		if (i == 0)
			print_tx_descriptors("stopped");
		check("start", rte_eth_dev_tx_queue_start(PORT, 0));
		if (i == 0) {
			printf("started: %s\n", tx_queue_state());
			print_tx_descriptors("started");
		}
		send_to_wire(100);
		while (rte_eth_tx_descriptor_status(PORT, 0, NB_DESC - 2) != RTE_ETH_TX_DESC_DONE)
			if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
		check("stop", rte_eth_dev_tx_queue_stop(PORT, 0));
		/* a device whose registers are mapped into the driver sees only what lasts */
		rte_delay_us_sleep(20000);
	}
	printf("stopped: %s\n", tx_queue_state());
	check("stats", rte_eth_stats_get(PORT, &stats));
	printf("sent %" PRIu64 ", refused %" PRIu64 "\n", stats.opackets, stats.oerrors);
	stop();
	print_resources("after");
}

/* What a receive queue tells before N packets come, when they are there, and after */
static void
check_waiting(unsigned int n)
{
	struct rte_power_monitor_cond cond = { .addr = NULL };
	struct rte_eth_burst_mode mode = { .flags = 0 };
	struct rte_mbuf *pkts[BURST], *pkt;
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	uint16_t nb;

	set_up();
	start();
	wait_link();
	check("burst mode", rte_eth_rx_burst_mode_get(PORT, 0, &mode));
	printf("burst mode: %s\n", mode.info);
	for (int when = 0; when < 3; when++) {
		if (when == 1) {
			for (unsigned int i = 0; i < n; i++) {
				pkt = rte_pktmbuf_alloc(pool);
				if (pkt == NULL || rte_pktmbuf_append(pkt, 60) == NULL)
					fail("mbuf", -ENOMEM);
				memset(rte_pktmbuf_mtod(pkt, void *), 0x55, 60);
				while (rte_eth_tx_burst(PORT, 0, &pkt, 1) == 0)
					;
			}
			while (rte_eth_rx_queue_count(PORT, 0) < (int)n)
				if (rte_get_timer_cycles() > deadline)
					fail("packets", -ETIMEDOUT);
		} else if (when == 2) {
			for (unsigned int got = 0; got < n; got += nb) {
				nb = rte_eth_rx_burst(PORT, 0, pkts, BURST);
				rte_pktmbuf_free_bulk(pkts, nb);
			}
		}
		check("monitor", rte_eth_get_monitor_addr(PORT, 0, &cond));
		printf("waiting %d; descriptor 0: %d, %u: %d, %u: %d, beyond the ring: %s; "
		       "monitor of %u bytes: %s\n", rte_eth_rx_queue_count(PORT, 0),
		       rte_eth_rx_descriptor_status(PORT, 0, 0),
		       n - 1, rte_eth_rx_descriptor_status(PORT, 0, n - 1),
		       NB_DESC - 1, rte_eth_rx_descriptor_status(PORT, 0, NB_DESC - 1),
		       result(rte_eth_rx_descriptor_status(PORT, 0, NB_DESC)), cond.size,
		       cond.fn(*(volatile uint64_t *)cond.addr, cond.opaque) == 0 ?
		       "sleep" : "do not sleep");
	}
	stop();
}

/* All registers that the driver dumps; the first of them also with the LED on and off */
static void
check_registers(unsigned int n)
{
	struct rte_dev_reg_info info = { .data = NULL };
	uint32_t *words;

	set_up();
	start();
	for (int tries = 0; tries < 3; tries++) {
		check("register length", rte_eth_dev_get_reg_info(PORT, &info));
		words = calloc(info.length, info.width);
		if (words == NULL)
			fail("registers", -ENOMEM);
		if (tries > 0) {
			printf("led %s: %s\n", tries == 1 ? "on" : "off",
			       result(tries == 1 ? rte_eth_led_on(PORT) : rte_eth_led_off(PORT)));
		} else {
			wait_link();
			printf("registers: %u of %u bytes\n", info.length, info.width);
		}
		info.data = words;
		check("registers", rte_eth_dev_get_reg_info(PORT, &info));
		printf("first registers:");
		for (n = 0; n < 8; n++)
			printf(" %08x", words[n]);
		printf("\n");
		info.data = NULL;
		free(words);
	}
	stop();
}

/* The first N bytes of the pluggable module's EEPROM */
static void
check_module(unsigned int n)
{
	struct rte_eth_dev_module_info info = { 0 };
	struct rte_dev_eeprom_info part = { .length = n };
	const uint8_t *bytes = part.data = calloc(n, 1);

	if (bytes == NULL)
		fail("module", -ENOMEM);
	set_up();
	start();
	check("module info", rte_eth_dev_get_module_info(PORT, &info));
	check("module EEPROM", rte_eth_dev_get_module_eeprom(PORT, &part));
	printf("module of %u bytes: ", info.eeprom_len);
	for (unsigned int i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf("\n");
	free(part.data);
	stop();
}

#define TAG_HEADERS (RTE_ETHER_HDR_LEN + 20 + 20)
#define TAG_MSS     500

/* N packets, IPv4 and TCP without options, go back with a VLAN tag, the first as they are, the
 * next with checksums, the third in segments of 500 bytes, and so on */
static void
check_tag(unsigned int n)
{
	const uint64_t flags[] = {
		0,
		RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM,
		RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_SEG,
	};
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz();
	struct rte_mbuf *pkts[BURST], *m;
	struct rte_eth_stats stats;
	uint16_t nb = 0, next = 0;
	uint64_t frames = 0;

	check("configure", configure_offloads(0, RTE_ETH_TX_OFFLOAD_VLAN_INSERT |
					      RTE_ETH_TX_OFFLOAD_IPV4_CKSUM |
					      RTE_ETH_TX_OFFLOAD_TCP_CKSUM |
					      RTE_ETH_TX_OFFLOAD_TCP_TSO |
					      RTE_ETH_TX_OFFLOAD_MULTI_SEGS));
	check("rx queue", rx_queue(NB_DESC, pool));
	check("tx queue", tx_queue(NB_DESC));
	start();
	for (unsigned int i = 0; i < n; i++) {
		for (; next == nb; next = 0) {
			nb = rte_eth_rx_burst(PORT, 0, pkts, BURST);
			if (nb == 0 && rte_get_timer_cycles() > deadline)
				fail("packets", -ETIMEDOUT);
		}
		m = pkts[next++];
		m->l2_len = RTE_ETHER_HDR_LEN;
		m->l3_len = 20;
		m->l4_len = 20;
		m->tso_segsz = TAG_MSS;
		frames += i % RTE_DIM(flags) == 2 ?
			  (m->pkt_len - TAG_HEADERS + TAG_MSS - 1) / TAG_MSS : 1;
		m->vlan_tci = 0x6000 + i;
		m->ol_flags = RTE_MBUF_F_TX_VLAN | flags[i % RTE_DIM(flags)];
		if (rte_eth_tx_prepare(PORT, 0, &m, 1) != 1)
			fail("prepare", -rte_errno);
		while (rte_eth_tx_burst(PORT, 0, &m, 1) == 0)
			if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
	}
	do { /* until all are out */
		check("stats", rte_eth_stats_get(PORT, &stats));
		if (rte_get_timer_cycles() > deadline)
			fail("send", -ETIMEDOUT);
	} while (stats.opackets < frames);
	stop();
}

/* A call and what came of it; what drivers and ethdev log appears in between. */
#define TRY(what, call) do { \
		printf("try: " what "\n"); \
		fflush(stdout); \
		printf("result: " what ": %s\n", result(call)); \
		fflush(stdout); \
	} while (0)

static int
configure_mode(enum rte_eth_rx_mq_mode rx, enum rte_eth_tx_mq_mode tx)
{
	const struct rte_eth_conf conf = { .rxmode.mq_mode = rx, .txmode.mq_mode = tx };

	return rte_eth_dev_configure(PORT, 1, 1, &conf);
}

#define TX_TCP4  (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM)
#define TX_SCTP4 (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_SCTP_CKSUM)
#define TX_UDP6  (RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_UDP_CKSUM)
#define TX_TSO4  (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_SEG)

/* A packet to be sent: segments of len bytes, and a last one of last bytes */
static const struct tx_case {
	const char *name;
	uint16_t nb, len, last;
	int16_t nb_told;           /* segments that the packet says it has, more than it has */
	uint64_t flags;
	uint16_t l2, l3, l4, mss;
} tx_cases[] = {
	{ "a packet of 60 bytes", .nb = 1, .last = 60 },
	{ "a packet of 17 bytes", .nb = 1, .last = 17 },
	{ "a packet of 16 bytes", .nb = 1, .last = 16 },
	{ "a packet of 0 bytes", .nb = 1 },
	{ "2 segments", .nb = 2, .len = 100, .last = 1 },
	{ "an empty last segment", .nb = 2, .len = 100 },
	{ "an empty first segment", .nb = 2, .last = 100 },
	{ "40 segments", .nb = 40, .len = 100, .last = 100 },
	{ "41 segments", .nb = 41, .len = 100, .last = 100 },
	{ "one segment more than told", .nb = 3, .len = 100, .last = 100,
	  .nb_told = -1 },
	{ "one segment less than told", .nb = 3, .len = 100, .last = 100,
	  .nb_told = 1 },
	{ "9728 bytes", .nb = 8, .len = 1216, .last = 1216 },
	{ "9729 bytes", .nb = 8, .len = 1216, .last = 1217 },
	{ "TCP checksum", .nb = 1, .last = 100, .flags = TX_TCP4, .l2 = 14,
	  .l3 = 20, .l4 = 20 },
	{ "UDP checksum over IPv6", .nb = 2, .len = 62, .last = 40,
	  .flags = TX_UDP6, .l2 = 14, .l3 = 40, .l4 = 8 },
	{ "SCTP checksum of 16 bytes", .nb = 1, .last = 50, .flags = TX_SCTP4,
	  .l2 = 14, .l3 = 20, .l4 = 12 },
	{ "SCTP checksum of 15 bytes", .nb = 1, .last = 49, .flags = TX_SCTP4,
	  .l2 = 14, .l3 = 20, .l4 = 12 },
	{ "IP checksum of IPv6", .nb = 1, .last = 100, .flags = TX_UDP6 |
	  RTE_MBUF_F_TX_IP_CKSUM, .l2 = 14, .l3 = 40, .l4 = 8 },
	{ "TCP checksum without IP", .nb = 1, .last = 100,
	  .flags = RTE_MBUF_F_TX_TCP_CKSUM, .l2 = 14, .l3 = 20, .l4 = 20 },
	{ "MAC header of 13 bytes", .nb = 1, .last = 100, .flags = TX_TCP4,
	  .l2 = 13, .l3 = 20, .l4 = 20 },
	{ "IPv4 header of 19 bytes", .nb = 1, .last = 100, .flags = TX_TCP4,
	  .l2 = 14, .l3 = 19, .l4 = 20 },
	{ "IPv6 header of 39 bytes", .nb = 1, .last = 100, .flags = TX_UDP6,
	  .l2 = 14, .l3 = 39, .l4 = 20 },
	{ "TCP header cut off", .nb = 1, .last = 53, .flags = TX_TCP4, .l2 = 14,
	  .l3 = 20, .l4 = 20 },
	{ "TSO", .nb = 2, .len = 1000, .last = 1000, .flags = TX_TSO4, .l2 = 14,
	  .l3 = 20, .l4 = 20, .mss = 500 },
	{ "TSO, MSS 0", .nb = 2, .len = 1000, .last = 1000, .flags = TX_TSO4,
	  .l2 = 14, .l3 = 20, .l4 = 20 },
	{ "TSO, IPv4 without checksum", .nb = 2, .len = 1000, .last = 1000,
	  .flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_SEG, .l2 = 14, .l3 = 20,
	  .l4 = 20, .mss = 500 },
	{ "TSO, TCP header of 19 bytes", .nb = 2, .len = 1000, .last = 1000,
	  .flags = TX_TSO4, .l2 = 14, .l3 = 20, .l4 = 19, .mss = 500 },
	{ "TSO, TCP header of 65 bytes", .nb = 2, .len = 1000, .last = 1000,
	  .flags = TX_TSO4, .l2 = 14, .l3 = 20, .l4 = 65, .mss = 500 },
	{ "TSO, headers of 240 bytes", .nb = 2, .len = 1000, .last = 1000,
	  .flags = TX_TSO4, .l2 = 120, .l3 = 60, .l4 = 60, .mss = 500 },
	{ "TSO, headers of 241 bytes", .nb = 2, .len = 1000, .last = 1000,
	  .flags = TX_TSO4, .l2 = 121, .l3 = 60, .l4 = 60, .mss = 500 },
	{ "TSO, headers in two segments", .nb = 2, .len = 53, .last = 1000,
	  .flags = TX_TSO4, .l2 = 14, .l3 = 20, .l4 = 20, .mss = 500 },
	{ "TSO, headers only", .nb = 1, .last = 54, .flags = TX_TSO4, .l2 = 14,
	  .l3 = 20, .l4 = 20, .mss = 500 },
	{ "TSO to 9728 bytes", .nb = 10, .len = 1300, .last = 1300,
	  .flags = TX_TSO4, .l2 = 14, .l3 = 20, .l4 = 20, .mss = 9674 },
	{ "TSO to 9729 bytes", .nb = 10, .len = 1300, .last = 1300,
	  .flags = TX_TSO4, .l2 = 14, .l3 = 20, .l4 = 20, .mss = 9675 },
	{ "TSO to 9729 bytes by a tag", .nb = 10, .len = 1300, .last = 1300,
	  .flags = TX_TSO4 | RTE_MBUF_F_TX_VLAN, .l2 = 14, .l3 = 20, .l4 = 20,
	  .mss = 9671 },
	{ "VLAN tag", .nb = 1, .last = 60, .flags = RTE_MBUF_F_TX_VLAN },
	{ "9728 bytes by a tag", .nb = 11, .len = 884, .last = 884,
	  .flags = RTE_MBUF_F_TX_VLAN },
	{ "9729 bytes by a tag", .nb = 11, .len = 884, .last = 885,
	  .flags = RTE_MBUF_F_TX_VLAN },
	{ "two VLAN tags", .nb = 1, .last = 60, .flags = RTE_MBUF_F_TX_VLAN |
	  RTE_MBUF_F_TX_QINQ },
	{ "outer IP checksum", .nb = 1, .last = 100,
	  .flags = RTE_MBUF_F_TX_OUTER_IP_CKSUM | RTE_MBUF_F_TX_OUTER_IPV4, .l2 = 14,
	  .l3 = 20, .l4 = 20 },
	{ "UDP segmentation", .nb = 2, .len = 1000, .last = 1000, .flags = TX_UDP6 |
	  RTE_MBUF_F_TX_UDP_SEG, .l2 = 14, .l3 = 40, .l4 = 8, .mss = 500 },
};

static struct rte_mbuf *
tx_case_packet(const struct tx_case *c)
{
	struct rte_mbuf *m, *head = NULL;

	for (unsigned int i = 1; i <= c->nb; i++) {
		m = rte_pktmbuf_alloc(pool);
		if (m == NULL)
			fail("mbuf", -ENOMEM);
		m->data_len = m->pkt_len = i == c->nb ? c->last : c->len;
		memset(rte_pktmbuf_mtod(m, void *), 0, m->data_len);
		if (head == NULL)
			head = m;
		else
			check("chain", rte_pktmbuf_chain(head, m));
	}
	head->nb_segs += c->nb_told;
	head->ol_flags |= c->flags;
	head->l2_len = c->l2;
	head->l3_len = c->l3;
	head->l4_len = c->l4;
	head->tso_segsz = c->mss;
	head->vlan_tci = 5;
	return head;
}

/* Each of the packets above, prepared and not, in a ring of 64 descriptors, N times; 0: without
 * any offload, once */
static void
check_tx_cases(unsigned int n)
{
	uint64_t deadline = rte_get_timer_cycles() + PATIENCE * rte_get_timer_hz(), sum = 0;
	struct rte_eth_dev_info info;
	struct rte_eth_stats stats;
	struct rte_mbuf *m;
	unsigned int len;
	int ret;

	check("info", rte_eth_dev_info_get(PORT, &info));
	check("configure", configure_offloads(0, n == 0 ? 0 : info.tx_offload_capa));
	check("rx queue", rte_eth_rx_queue_setup(PORT, 0, NB_DESC, SOCKET_ID_ANY, NULL, pool));
	check("tx queue", rte_eth_tx_queue_setup(PORT, 0, 64, SOCKET_ID_ANY, NULL));
	start();
	for (unsigned int i = 0; i < RTE_MAX(n, 1u) * RTE_DIM(tx_cases); i++) {
		const struct tx_case *c = &tx_cases[i % RTE_DIM(tx_cases)];

		m = tx_case_packet(c);
		ret = rte_eth_tx_prepare(PORT, 0, &m, 1) == 1 ? 0 : -rte_errno;
		if (i < RTE_DIM(tx_cases))
			printf("prepare: %s: %s\n", c->name, ret == 0 ? "ok" :
			       ret == -EINVAL ? "EINVAL" : ret == -ENOTSUP ? "ENOTSUP" : "?");
		while (rte_eth_tx_burst(PORT, 0, &m, 1) == 0)
			if (rte_get_timer_cycles() > deadline)
				fail("send", -ETIMEDOUT);
		len = (c->nb - 1) * c->len + c->last - c->l2 - c->l3 - c->l4;
		sum += ret == 0 && c->mss != 0 ? (len - 1) / c->mss + 1 : 1;
	}
	do {
		check("stats", rte_eth_stats_get(PORT, &stats));
		if (rte_get_timer_cycles() > deadline)
			fail("send", -ETIMEDOUT);
	} while (stats.opackets + stats.oerrors < sum);
	rte_eth_tx_done_cleanup(PORT, 0, 0);
	printf("sent %" PRIu64 ", refused %" PRIu64 ", held %u\n", stats.opackets, stats.oerrors,
	       rte_mempool_in_use_count(pool));
	stop();
}

static void
check_errors(unsigned int n)
{
	struct rte_mempool *small = rte_pktmbuf_pool_create("small", 1023, 0, 0,
							    1024 + RTE_PKTMBUF_HEADROOM, 0);
	struct rte_mempool *tiny = rte_pktmbuf_pool_create("tiny", 1023, 0, 0, 700, 0);
	struct rte_mempool *few = rte_pktmbuf_pool_create("few", 63, 0, 0,
							  RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	struct rte_ether_addr group = { { 1 } }, none = { { 0 } }, other = { { 2, 3, 4 } };
	struct rte_power_monitor_cond monitor;
	struct rte_eth_pfc_conf pfc = { .priority = 0 };
	struct rte_eth_burst_mode mode;
	uint64_t rx = 0, tx = 0;
	struct rte_eth_dev_info info;
	struct rte_eth_stats stats;

	if (small == NULL || tiny == NULL || few == NULL)
		fail("pools", -rte_errno);
	check("info", rte_eth_dev_info_get(PORT, &info));
	TRY("start unconfigured", rte_eth_dev_start(PORT));
	TRY("too many rx queues", rte_eth_dev_configure(PORT, info.max_rx_queues + 1, 1,
							&(struct rte_eth_conf){ 0 }));
	TRY("too many tx queues", rte_eth_dev_configure(PORT, 1, info.max_tx_queues + 1,
							&(struct rte_eth_conf){ 0 }));
	TRY("rx offload not offered", configure_offloads(1ull << 63, 0));
	TRY("tx offload not offered", configure_offloads(0, 1ull << 63));
	TRY("dcb", configure_mode(RTE_ETH_MQ_RX_DCB, RTE_ETH_MQ_TX_NONE));
	TRY("tx dcb", configure_mode(RTE_ETH_MQ_RX_NONE, RTE_ETH_MQ_TX_DCB));
	TRY("loopback mode 2", rte_eth_dev_configure(PORT, 1, 1, &(struct rte_eth_conf){
		.lpbk_mode = 2 }));
	TRY("1 Gb/s only", rte_eth_dev_configure(PORT, 1, 1, &(struct rte_eth_conf){
		.link_speeds = RTE_ETH_LINK_SPEED_FIXED | RTE_ETH_LINK_SPEED_1G }));
	TRY("configure", configure(1));
	TRY("address of packets without queue", rte_eth_get_monitor_addr(PORT, 0, &monitor));
	TRY("cleanup without queue", rte_eth_tx_done_cleanup(PORT, 0, 0));
	TRY("start tx queue without queue", rte_eth_dev_tx_queue_start(PORT, 0));
	TRY("tx queue 1 of 1", rte_eth_tx_queue_setup(PORT, 1, NB_DESC, SOCKET_ID_ANY, NULL));
	TRY("rx queue with an offload of the port", rte_eth_rx_queue_setup(PORT, 0, NB_DESC,
		SOCKET_ID_ANY, &(struct rte_eth_rxconf){
			.offloads = RTE_ETH_RX_OFFLOAD_SCATTER }, pool));
	TRY("tx queue with an offload of the port", rte_eth_tx_queue_setup(PORT, 0, NB_DESC,
		SOCKET_ID_ANY, &(struct rte_eth_txconf){
			.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS }));
	TRY("start without queues", rte_eth_dev_start(PORT));
	TRY("rx ring of 100", rx_queue(100, pool));
	TRY("rx ring of 8", rx_queue(8, pool));
	TRY("rx ring of 4104", rx_queue(4104, pool));
	TRY("tx ring of 100", tx_queue(100));
	TRY("tx ring of 8", tx_queue(8));
	TRY("tx ring of 4104", tx_queue(4104));
	TRY("rx queue 1 of 1", rte_eth_rx_queue_setup(PORT, 1, NB_DESC, SOCKET_ID_ANY, NULL, pool));
	TRY("mbufs of 700 bytes", rx_queue(NB_DESC, tiny));
	TRY("mbufs of 1024 bytes", rx_queue(NB_DESC, small));
	TRY("a pool of 63 mbufs", rx_queue(NB_DESC, few));
	TRY("tx queue", tx_queue(NB_DESC));
	TRY("start with 63 mbufs", rte_eth_dev_start(PORT));
	TRY("rx queue", rx_queue(NB_DESC, pool));
	TRY("MTU 45", rte_eth_dev_set_mtu(PORT, 45));
	TRY("MTU 9711", rte_eth_dev_set_mtu(PORT, 9711));
	TRY("MTU 65535", rte_eth_dev_set_mtu(PORT, 65535));
	TRY("MTU 9000 while stopped", rte_eth_dev_set_mtu(PORT, 9000));
	TRY("start with MTU 9000 in mbufs of 2 KB", rte_eth_dev_start(PORT));
	TRY("stop with MTU 9000", rte_eth_dev_stop(PORT));
	TRY("MTU 1500", rte_eth_dev_set_mtu(PORT, 1500));
	TRY("multicast address as own", rte_eth_dev_default_mac_addr_set(PORT, &group));
	TRY("start tx queue of a stopped port", rte_eth_dev_tx_queue_start(PORT, 0));
	TRY("start", rte_eth_dev_start(PORT));
	TRY("start tx queue again", rte_eth_dev_tx_queue_start(PORT, 0));
	TRY("start tx queue 1 of 1", rte_eth_dev_tx_queue_start(PORT, 1));
	TRY("stop tx queue 1 of 1", rte_eth_dev_tx_queue_stop(PORT, 1));
	TRY("burst mode of tx queue 1 of 1", rte_eth_tx_burst_mode_get(PORT, 1, &mode));
	TRY("descriptor of rx queue 1 of 1", rte_eth_rx_descriptor_status(PORT, 1, 0));
	TRY("descriptor of tx queue 1 of 1", rte_eth_tx_descriptor_status(PORT, 1, 0));
	TRY("packets in rx queue 1 of 1", rte_eth_rx_queue_count(PORT, 1));
	TRY("descriptor 512 of 512", rte_eth_tx_descriptor_status(PORT, 0, NB_DESC));
	TRY("address of no one", rte_eth_dev_mac_addr_add(PORT, &none, 0));
	TRY("address of pool 1", rte_eth_dev_mac_addr_add(PORT, &other, 1));
	TRY("address of pool 64", rte_eth_dev_mac_addr_add(PORT, &other, 64));
	TRY("flow control by priority", rte_eth_dev_priority_flow_ctrl_set(PORT, &pfc));
	TRY("start again", rte_eth_dev_start(PORT));
	TRY("MTU 9000 while started", rte_eth_dev_set_mtu(PORT, 9000));
	TRY("rx queue while started", rx_queue(NB_DESC, pool));
	TRY("configure while started", configure(1));
	check("promiscuous", rte_eth_promiscuous_enable(PORT));
	forward(n, &rx, &tx);
	printf("forwarded\n");
	TRY("stop", rte_eth_dev_stop(PORT));
	TRY("stop again", rte_eth_dev_stop(PORT));
	TRY("close", rte_eth_dev_close(PORT));
	TRY("close again", rte_eth_dev_close(PORT));
	TRY("start after close", rte_eth_dev_start(PORT));
	TRY("configure after close", configure(1));
	TRY("statistics after close", rte_eth_stats_get(PORT, &stats));
}

static int
configure_rss(uint16_t nb_queues, uint64_t types, uint8_t *key, uint8_t key_len)
{
	struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_RSS };

	conf.rx_adv_conf.rss_conf.rss_hf = types;
	conf.rx_adv_conf.rss_conf.rss_key = key;
	conf.rx_adv_conf.rss_conf.rss_key_len = key_len;
	return rte_eth_dev_configure(PORT, nb_queues, 1, &conf);
}

static int
update_hash(uint64_t types, uint8_t *key, uint8_t key_len)
{
	struct rte_eth_rss_conf conf = {
		.rss_hf = types, .rss_key = key, .rss_key_len = key_len
	};

	return rte_eth_dev_rss_hash_update(PORT, &conf);
}

static int
get_key(uint8_t *key, uint8_t room)
{
	struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = room };

	return rte_eth_dev_rss_hash_conf_get(PORT, &conf);
}

/* Two entries of RETA to a queue, the others as they are; size: what the table is said to have */
static int
update_reta(uint16_t one, uint16_t other, uint16_t queue, uint16_t size)
{
	struct rte_eth_rss_reta_entry64 groups[8] = { 0 };

	memset(groups, 0xff, sizeof(groups)); /* what is not in the mask is no queue */
	for (unsigned int g = 0; g < RTE_DIM(groups); g++)
		groups[g].mask = 0;
	groups[one / 64].mask |= RTE_BIT64(one % 64);
	groups[one / 64].reta[one % 64] = queue;
	groups[other / 64].mask |= RTE_BIT64(other % 64);
	groups[other / 64].reta[other % 64] = queue;
	return rte_eth_dev_rss_reta_update(PORT, groups, size);
}

static int
query_reta(struct rte_eth_rss_reta_entry64 *groups, uint16_t size)
{
	for (unsigned int g = 0; g < 8; g++)
		groups[g].mask = UINT64_MAX;
	return rte_eth_dev_rss_reta_query(PORT, groups, size);
}

static void
print_rss(const char *when)
{
	struct rte_eth_rss_reta_entry64 groups[8];
	uint8_t key[64];
	struct rte_eth_rss_conf conf = { .rss_key = key, .rss_key_len = sizeof(key) };

	check("hash", rte_eth_dev_rss_hash_conf_get(PORT, &conf));
	check("RETA", query_reta(groups, 128));
	printf("rss %s: types 0x%" PRIx64 ", key ", when, conf.rss_hf);
	for (unsigned int i = 0; i < 40; i++)
		printf("%02x", key[i]);
	printf(", reta ");
	for (unsigned int i = 0; i < 128; i++)
		printf("%x", groups[i / 64].reta[i % 64]);
	printf("\n");
}

static void
set_up_rss(uint16_t nb_queues, uint64_t types)
{
	check("configure", configure_rss(nb_queues, types, NULL, 0));
	for (uint16_t q = 0; q < nb_queues; q++)
		check("rx queue", rte_eth_rx_queue_setup(PORT, q, 64, SOCKET_ID_ANY, NULL, pool));
	check("tx queue", tx_queue(NB_DESC));
	check("start", rte_eth_dev_start(PORT));
}

/* What RSS takes and refuses with N queues; what of it outlives stop, reset and configuration */
static void
check_rss(unsigned int n)
{
	struct rte_eth_rss_reta_entry64 groups[8];
	struct rte_eth_dev_info info;
	uint8_t key[64];

	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = i;
	check("info", rte_eth_dev_info_get(PORT, &info));
	printf("rss: types 0x%" PRIx64 ", key of %u bytes, %u entries\n",
	       info.flow_type_rss_offloads, info.hash_key_size, info.reta_size);
	for (unsigned int bit = 0; bit < 64; bit++)
		if ((update_hash(RTE_BIT64(bit), NULL, 0) != -EINVAL) !=
		    !!(info.flow_type_rss_offloads & RTE_BIT64(bit)))
			printf("type %u: neither offered nor refused\n", bit);
	TRY("configure with a key of 39 bytes", configure_rss(n, RTE_ETH_RSS_IPV4, key, 39));
	TRY("configure with a type not offered",
	    configure_rss(n, RTE_ETH_RSS_NONFRAG_IPV4_SCTP, NULL, 0));
	set_up_rss(n, RTE_ETH_RSS_IPV4);
	print_rss("at first");
	TRY("key of 39 bytes", update_hash(RTE_ETH_RSS_IPV6, key, 39));
	TRY("key of 41 bytes", update_hash(RTE_ETH_RSS_IPV6, key, 41));
	TRY("room of 39 bytes for the key", get_key(key, 39));
	TRY("RETA of 64 entries", update_reta(0, 1, 1, 64));
	TRY("RETA of 512 entries", update_reta(0, 1, 1, 512));
	TRY("RETA entry beyond the queues", update_reta(0, 1, n, 128));
	TRY("query 64 entries of RETA", query_reta(groups, 64));
	if (n > 16)
		TRY("RETA entry of queue 16", update_reta(0, 1, 16, 128));
	print_rss("after what was refused");
	TRY("key and types",
	    update_hash(RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_UDP, key, 40));
	TRY("RETA entries 5 and 127", update_reta(5, 127, 1, 128));
	print_rss("changed");
	stop();
	check("start", rte_eth_dev_start(PORT));
	print_rss("started again");
	check("reset", rte_eth_dev_reset(PORT));
	set_up_rss(n, RTE_ETH_RSS_IPV6);
	print_rss("reset");
	TRY("no type", update_hash(0, NULL, 0));
	print_rss("with no type");
	stop();
	set_up_rss(n - 1, RTE_ETH_RSS_IPV6);
	print_rss("with one queue less");
	stop();
	TRY("configure without RSS", configure(1));
	TRY("key without RSS", update_hash(RTE_ETH_RSS_IPV6, key, 40));
	TRY("RETA without RSS", update_reta(0, 1, 0, 128));
}

static int
read_eeprom(bool of_module, uint32_t offset, uint32_t length, uint8_t *bytes)
{
	struct rte_dev_eeprom_info part = { .offset = offset, .length = length, .data = bytes };

	return of_module ? rte_eth_dev_get_module_eeprom(PORT, &part) :
			   rte_eth_dev_get_eeprom(PORT, &part);
}

/* Both EEPROMs, as a whole and in pieces of N bytes; and more than there is */
static void
check_eeprom(unsigned int n)
{
	struct rte_eth_dev_module_info info = { 0 };
	struct rte_dev_eeprom_info some = { .length = 2 };
	struct rte_dev_reg_info regs = { .length = 3 };
	uint8_t *whole, *pieces;
	char version[4];

	set_up();
	TRY("module info", rte_eth_dev_get_module_info(PORT, &info));
	for (int of_module = 0; of_module < 2; of_module++) {
		int size = of_module ? (int)info.eeprom_len : rte_eth_dev_get_eeprom_length(PORT);

		check("EEPROM length", size);
		whole = calloc(2, size + 8);
		if (whole == NULL)
			fail("EEPROM", -ENOMEM);
		pieces = whole + size + 8;
		some.data = whole;
		printf("EEPROM of %d bytes\n", size);
		if (size == 0)
			continue;
		check("whole", read_eeprom(of_module, 0, size, whole));
		for (int at = 0; at < size; at += n)
			check("piece", read_eeprom(of_module, at, RTE_MIN((int)n, size - at),
						   pieces + at));
		printf("pieces %s\n", memcmp(whole, pieces, size) == 0 ? "the same" : "differ");
		TRY("offset at the end", read_eeprom(of_module, size, 1, whole));
		TRY("length beyond the end", read_eeprom(of_module, size - 1, 2, whole));
		TRY("offset and length that wrap", read_eeprom(of_module, UINT32_MAX, 2, whole));
		free(whole);
	}
	some.data = version;
	TRY("write", rte_eth_dev_set_eeprom(PORT, &some));
	regs.data = version;
	TRY("3 registers", rte_eth_dev_get_reg_info(PORT, &regs));
	printf("version needs %d bytes\n",
	       rte_eth_dev_fw_version_get(PORT, version, sizeof(version)));
}

/* What is refused of VLANs, N packets before and after */
static void
check_vlan(unsigned int n)
{
	uint64_t rx = 0, tx = 0;

	set_up();
	start();
	forward(n, &rx, &tx);
	TRY("VLAN 1 without filter", rte_eth_dev_vlan_filter(PORT, 1, 1));
	TRY("both tags stripped", rte_eth_dev_set_vlan_offload(PORT, RTE_ETH_QINQ_STRIP_OFFLOAD));
	TRY("filter", rte_eth_dev_set_vlan_offload(PORT, RTE_ETH_VLAN_FILTER_OFFLOAD));
	TRY("VLAN 4095", rte_eth_dev_vlan_filter(PORT, 4095, 1));
	TRY("VLAN 4096", rte_eth_dev_vlan_filter(PORT, 4096, 1));
	TRY("strip by queue", rte_eth_dev_set_vlan_strip_on_queue(PORT, 0, 1));
	TRY("strip by queue 1 of 1", rte_eth_dev_set_vlan_strip_on_queue(PORT, 1, 1));
	TRY("type of an unknown tag",
	    rte_eth_dev_set_vlan_ether_type(PORT, RTE_ETH_VLAN_TYPE_UNKNOWN, 0x8100));
	TRY("type of the outer tag",
	    rte_eth_dev_set_vlan_ether_type(PORT, RTE_ETH_VLAN_TYPE_OUTER, 0x88a8));
	TRY("port VLAN", rte_eth_dev_set_vlan_pvid(PORT, 1, 1));
	forward(n, &rx, &tx);
	stop();
}

static int
set_flow(enum rte_eth_fc_mode mode, uint32_t high, uint32_t low, uint16_t pause_time,
	 uint8_t autoneg)
{
	struct rte_eth_fc_conf conf = {
		.mode = mode, .high_water = high, .low_water = low, .pause_time = pause_time,
		.send_xon = 1, .autoneg = autoneg
	};

	return rte_eth_dev_flow_ctrl_set(PORT, &conf);
}

static void
print_flow(const char *when)
{
	struct rte_eth_fc_conf conf;

	check("flow control", rte_eth_dev_flow_ctrl_get(PORT, &conf));
	printf("flow control %s: mode %u, %u to %u KB, pause %u, XON %u, forward %u, autoneg %u\n",
	       when, conf.mode, conf.low_water, conf.high_water, conf.pause_time, conf.send_xon,
	       conf.mac_ctrl_frame_fwd, conf.autoneg);
}

/* What flow control takes and refuses, while N packets come */
static void
check_flow(unsigned int n)
{
	uint64_t rx = 0, tx = 0;

	set_up();
	start();
	print_flow("at first");
	TRY("flow control mode 4", set_flow(RTE_ETH_FC_FULL + 1, 300, 100, 1000, 0));
	TRY("negotiated flow control", set_flow(RTE_ETH_FC_FULL, 300, 100, 1000, 1));
	TRY("pause time 0", set_flow(RTE_ETH_FC_FULL, 300, 100, 0, 0));
	TRY("high water of 503", set_flow(RTE_ETH_FC_TX_PAUSE, 503, 100, 1000, 0));
	TRY("low water of 0", set_flow(RTE_ETH_FC_FULL, 300, 0, 1000, 0));
	TRY("low water of 300", set_flow(RTE_ETH_FC_FULL, 300, 300, 1000, 0));
	print_flow("after what was refused");
	forward(n, &rx, &tx);
	TRY("flow control", set_flow(RTE_ETH_FC_FULL, 502, 100, 1000, 0));
	forward(n, &rx, &tx);
	print_flow("changed");
	stop();
	check("reset", rte_eth_dev_reset(PORT));
	set_up();
	start();
	print_flow("reset");
	TRY("no flow control", set_flow(RTE_ETH_FC_NONE, 0, 0, 0, 0));
	forward(n, &rx, &tx);
	stop();
}

static const struct {
	const char *name;
	void (*run)(unsigned int n);
} checks[] = {
	{ "restart", check_restart },
	{ "reprobe", check_reprobe },
	{ "rxintr", check_rxintr },
	{ "rxintr_lsc", check_rxintr_lsc },
	{ "rxshare", check_rxshare },
	{ "starve", check_starve },
	{ "return", check_return },
	{ "silent", check_silent },
	{ "fastfree", check_fast_free },
	{ "bursts", check_bursts },
	{ "xstats", check_xstats },
	{ "link", check_link },
	{ "queues", check_queues },
	{ "deferred", check_deferred },
	{ "txdeferred", check_tx_deferred },
	{ "waiting", check_waiting },
	{ "registers", check_registers },
	{ "module", check_module },
	{ "eeprom", check_eeprom },
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
	{ "recycle", check_recycle },
#endif
	{ "tag", check_tag },
	{ "txcases", check_tx_cases },
	{ "rss", check_rss },
	{ "flow", check_flow },
	{ "vlan", check_vlan },
	{ "errors", check_errors },
};

int
main(int argc, char *argv[])
{
	int ret = rte_eal_init(argc, argv);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ret < 0)
		fail("EAL", -rte_errno);
	/* no cache: what is in use is what somebody holds */
	pool = rte_pktmbuf_pool_create("pool", NB_MBUF, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       SOCKET_ID_ANY);
	if (pool == NULL)
		fail("pool", -rte_errno);
	for (argv += ret + 1; *argv != NULL; argv++) {
		char *value = strchr(*argv, '=');
		unsigned int i;

		if (value != NULL)
			*value++ = '\0';
		for (i = 0; i < RTE_DIM(checks) && strcmp(checks[i].name, *argv) != 0; i++)
			;
		if (i == RTE_DIM(checks) || value == NULL)
			fail(*argv, -EINVAL);
		checks[i].run(atoi(value));
	}
	rte_eal_cleanup();
	printf("end\n");
	return 0;
}
