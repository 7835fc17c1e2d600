/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The software 82599 in a DPDK process: its ports come and go, whoever removes
 * them first, and leave nothing behind. Arguments: the plugin, and a PCI driver. */

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

static const char *driver;

/* What is in use, of all that a port takes. */
struct usage {
	unsigned int memzones, threads, files, maps;
	size_t heap;
};

static unsigned int
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Of the kinds that a BAR is made of. */
static unsigned int
count_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned int n = 0;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "/memfd:sim82599") != NULL;
	fclose(f);
	return n;
}

static void
count_memzone(const struct rte_memzone *mz, void *arg)
{
	(void)mz;
	++*(unsigned int *)arg;
}

static void
get_usage(struct usage *usage)
{
	struct rte_malloc_socket_stats stats;

	memset(usage, 0, sizeof(*usage));
	rte_memzone_walk(count_memzone, &usage->memzones);
	rte_malloc_get_socket_stats(0, &stats);
	usage->heap = stats.heap_allocsz_bytes;
	usage->threads = count_entries("/proc/self/task");
	usage->files = count_entries("/proc/self/fd");
	usage->maps = count_maps();
}

static void
assert_usage(const struct usage *before)
{
	struct usage now;

	/* a thread that was joined may still be seen for a while */
	for (unsigned int i = 0; get_usage(&now), now.threads > before->threads && i < 1000; i++)
		rte_delay_us_sleep(10000);
	assert_int_equal(now.memzones, before->memzones);
	assert_int_equal(now.heap, before->heap);
	assert_int_equal(now.threads, before->threads);
	assert_int_equal(now.files, before->files);
	assert_int_equal(now.maps, before->maps);
}

static int
plug(unsigned int n, const char *args)
{
	char name[32], all[256];

	snprintf(name, sizeof(name), "sim82599_%u", n);
	snprintf(all, sizeof(all), "driver=%s%s%s", driver, args[0] != '\0' ? "," : "", args);
	return rte_eal_hotplug_add("vdev", name, all);
}

static int
unplug(unsigned int n)
{
	char name[32];

	snprintf(name, sizeof(name), "sim82599_%u", n);
	return rte_eal_hotplug_remove("vdev", name);
}

/* The first time, DPDK allocates what it keeps. */
static int
warm_up(void **state)
{
	uint64_t owner;

	(void)state;
	/* While an owner exists, ethdev (24.11) does not free its own data with the last port. */
	assert_int_equal(rte_eth_dev_owner_new(&owner), 0);
	assert_int_equal(plug(0, ""), 0);
	assert_int_equal(unplug(0), 0);
	return 0;
}

static void
test_plug_unplug(void **state)
{
	struct usage before;
	uint16_t port;

	(void)state;
	get_usage(&before);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(plug(0, ""), 0);
		assert_int_equal(plug(1, "doorbells=trap"), 0);
		assert_int_equal(rte_eth_dev_get_port_by_name("0000:03:00.0", &port), 0);
		assert_int_equal(rte_eth_dev_get_port_by_name("0000:03:00.1", &port), 0);
		assert_int_equal(unplug(i % 2), 0);
		assert_int_equal(unplug(1 - i % 2), 0);
		assert_int_equal(rte_eth_dev_count_avail(), 0);
	}
	assert_usage(&before);
}

/* The application closes the port, and the device goes later. */
static void
test_closed_before(void **state)
{
	struct usage before;
	uint16_t port;

	(void)state;
	get_usage(&before);
	assert_int_equal(plug(0, ""), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("0000:03:00.0", &port), 0);
	assert_true(rte_eth_dev_close(port) >= 0); /* net_ixgbe's says 1 */
	assert_int_equal(unplug(0), 0);
	assert_usage(&before);
}

/* The PCI bus removes its function first; then its slot is free for another. */
static void
test_pci_removed_before(void **state)
{
	struct usage before;

	(void)state;
	get_usage(&before);
	assert_int_equal(plug(0, ""), 0);
	assert_int_equal(rte_eal_hotplug_remove("pci", "0000:03:00.0"), 0);
	assert_int_equal(rte_eth_dev_count_avail(), 0);
	assert_int_equal(unplug(0), 0);
	assert_int_equal(plug(0, ""), 0);
	assert_int_equal(unplug(0), 0);
	assert_usage(&before);
}

/* What is refused takes nothing, and the other port goes on. */
static void
test_refused(void **state)
{
	static const char *const wrong[] = {
		"bogus=1", "strict", "strict=2", "strict=0,strict=1", "pci=zz", "pci=0000:03:00.2",
		"pci=0000:03:00.0", "mac=01:00:00:00:00:01", "mac=02:00:00:00:00", "core=x",
		"core=1023", "fault=foo", "fault=gone+", "doorbells=x", "wire=foo",
		"wire=pcap:in=/nonexistent", "trace=/nonexistent/x", "report=/nonexistent/x",
		"fault=gone", "fault=reset", "driver=net_ixgbe", "strict=1,",
		"report=", ",", "=", "pci=",
	};
	struct usage before;

	(void)state;
	assert_int_equal(plug(0, ""), 0);
	get_usage(&before);
	for (unsigned int i = 0; i < RTE_DIM(wrong); i++) {
		/* A trailing comma is none of these. */
		int ret = plug(1, wrong[i]);

		if (strcmp(wrong[i], "strict=1,") == 0) {
			assert_int_equal(ret, 0);
			assert_int_equal(unplug(1), 0);
		} else if (ret >= 0) {
			fail_msg("not refused: %s", wrong[i]);
		}
		assert_usage(&before);
	}
	assert_int_equal(rte_eth_dev_count_avail(), 1);
	assert_int_equal(unplug(0), 0);
}

static void
test_names(void **state)
{
	char args[64];

	(void)state;
	snprintf(args, sizeof(args), "driver=%s", driver);
	assert_true(rte_eal_hotplug_add("vdev", "sim82599_x", args) < 0);
	assert_true(rte_eal_hotplug_add("vdev", "sim82599_64", args) < 0);
	assert_true(rte_eal_hotplug_add("vdev", "sim82599", args) < 0);
	assert_true(rte_eal_hotplug_add("vdev", "sim82599_0", "driver=net_nonexistent") < 0);
}

/* Ports 0 and 1 are the two functions of a card. */
static void
test_addresses(void **state)
{
	uint16_t port;

	(void)state;
	assert_int_equal(plug(2, ""), 0);
	assert_int_equal(plug(1, ""), 0);
	assert_int_equal(plug(0, ""), 0);
	assert_int_equal(plug(5, "pci=0001:07:02.1"), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("0000:03:00.0", &port), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("0000:03:00.1", &port), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("0000:04:00.0", &port), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("0001:07:02.1", &port), 0);
	assert_int_equal(unplug(0) | unplug(1) | unplug(2) | unplug(5), 0);
}

/* EAL's clean-up, by whichever bus comes first, with ports in every state. */
static void
test_cleanup(void **state)
{
	uint16_t port;

	(void)state;
	assert_int_equal(plug(0, ""), 0);
	assert_int_equal(plug(1, ""), 0);
	assert_int_equal(plug(2, ""), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name("0000:03:00.1", &port), 0);
	assert_true(rte_eth_dev_close(port) >= 0);
	assert_int_equal(rte_eal_hotplug_remove("pci", "0000:04:00.0"), 0);
	assert_int_equal(rte_eal_cleanup(), 0);
	assert_int_equal(count_maps(), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plug_unplug),
		cmocka_unit_test(test_closed_before),
		cmocka_unit_test(test_pci_removed_before),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_cleanup),
	};
	char *eal[] = {
		argv[0], (char *)"--no-huge", (char *)"-m", (char *)"128", (char *)"--no-pci",
		(char *)"--no-shconf", (char *)"-l", (char *)"0", (char *)"-d", argv[1],
	};

	if (argc != 3 || rte_eal_init(RTE_DIM(eal), eal) < 0) {
		fprintf(stderr, "usage: test_attach <librte_sim82599.so> <PCI driver>\n");
		return EXIT_FAILURE;
	}
	driver = argv[2];
	return cmocka_run_group_tests(tests, warm_up, NULL);
}
