/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cpuflags.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_version.h>

#include "bench.h"

#ifdef __clang__
#define COMPILER __VERSION__ /* which says so */
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Takes the place of EAL's function. net_ixgbe writes tails with MOVDIRI where the processor has
 * it. To the uncached registers of a card that costs what another store costs. The software NIC's
 * registers are ordinary memory: reading one back after MOVDIRI takes 1,400 cycles instead of 120
 * (Zen 5), which would be counted as net_ixgbe's. */
int
rte_cpu_get_flag_enabled(enum rte_cpu_flag_t flag)
{
	static int (*of_eal)(enum rte_cpu_flag_t);

	if (flag == RTE_CPUFLAG_MOVDIRI)
		return 0;
	if (of_eal == NULL)
		*(void **)&of_eal = dlsym(RTLD_NEXT, "rte_cpu_get_flag_enabled");
	return of_eal(flag);
}

/* The file is begun before minutes of work. */
static FILE *
csv_open(const char *path)
{
	FILE *csv = path != NULL ? fopen(path, "w") : stdout;

	if (csv == NULL) {
		fprintf(stderr, "bench: --csv %s: %s; allowed: a file that can be written\n",
			path, strerror(errno));
		exit(2);
	}
	return csv;
}

int
main(int argc, char **argv)
{
	static struct args args;
	FILE *csv;
	int n, ret;

	n = rte_eal_init(argc, argv);
	if (n < 0) {
		fputs("bench: EAL does not start\n", stderr);
		return 1;
	}
	args_parse(argc - n, argv + n, &args);
	csv = csv_open(args.csv);
	printf("dpdk: %s, built by %s\n", rte_version(), COMPILER);
	printf("tsc: %" PRIu64 " Hz, the processor's clock %.2f times that\n", rte_get_tsc_hz(),
	       clock_ratio());
	ret = device_init();
	for (unsigned int i = 0; i < args.nb_ports && ret == 0; i++)
		ret = port_start(&args.port[i]);
	if (ret == 0)
		ret = devices_check(&args);
	if (ret == 0)
		ret = args.count ? counts_run(&args, csv) : windows_run(&args, csv);
	for (unsigned int i = 0; i < args.nb_ports; i++)
		port_stop(&args.port[i]);
	if (fclose(csv) != 0) {
		fprintf(stderr, "bench: --csv %s: %s\n", args.csv, strerror(errno));
		ret = -errno;
	}
	rte_eal_cleanup();
	return ret == 0 ? 0 : 1;
}
