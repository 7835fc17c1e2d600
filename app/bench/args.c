/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

const char *const state_names[STATE_COUNT] = { "warm", "l3" };

#define TX_CKSUMS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | \
		   RTE_ETH_TX_OFFLOAD_TCP_CKSUM)

static const struct offload_set offload_sets[] = {
	{ "none", 0, 0, 0 },
	{ "rx", RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_RSS_HASH, 0, 0 },
	{ "vlan", RTE_ETH_RX_OFFLOAD_VLAN_STRIP, RTE_ETH_TX_OFFLOAD_VLAN_INSERT,
	  RTE_MBUF_F_TX_VLAN },
	{ "txcsum", 0, TX_CKSUMS,
	  RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_UDP_CKSUM },
	{ "tso", 0, TX_CKSUMS | RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_MULTI_SEGS, 0 },
};

static const char usage[] =
	"usage: bench EAL-ARGUMENTS -- [options] PORT[:key=value]...\n"
	"\n"
	"Cycles that rx_burst and tx_burst take for a packet, in turn with the device. PORT is\n"
	"the number of a port in ethdev. It has to be sim82599_PORT, with core=app and a\n"
	"generator.\n"
	"\n"
	"  simd=64|128|256|512  bits of a vector that the driver may use; 64: none (default 256)\n"
	"  offloads=none|rx|vlan|txcsum|tso\n"
	"                       what is asked for (default none)\n"
	"  use=0|1              1: the packets use the offloads, too (default 0)\n"
	"  fast_free=0|1        1: ask for it, where the driver offers it (default 1)\n"
	"  ring=N[/M]           Rx and Tx descriptors (default 512, M as N)\n"
	"\n"
	"  --plug NAME,ARGS     plug in a virtual device, as --vdev does, and tell how long it\n"
	"                       took (a software 82599 needs EAL's --iova-mode=va then)\n"
	"  --burst N[,N]...     packets of a call, 1 to 256 (default 32)\n"
	"  --window N           packets that are timed at a time, 32 to 65536 (default 256)\n"
	"  --rounds N           windows of each port, burst and state (default 2000)\n"
	"  --state warm[,l3]    what the driver finds in the caches (default warm)\n"
	"  --count              instead of cycles, count instructions, accesses and bytes;\n"
	"                       with doorbells=trap, tail writes, too\n"
	"  --csv FILE           where all windows are written (default: stdout)\n";

__attribute__((noreturn)) static void
wrong(const char *what, const char *value, const char *allowed)
{
	fprintf(stderr, "bench: %s '%s' is wrong; allowed: %s\n", what, value, allowed);
	exit(2);
}

static unsigned int
number(const char *what, const char *text, unsigned int least, unsigned int most)
{
	char *end, allowed[48];
	unsigned long value = strtoul(text, &end, 10);

	snprintf(allowed, sizeof(allowed), "%u to %u", least, most);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < least || value > most)
		wrong(what, text, allowed);
	return value;
}

static void
parse_bursts(struct args *args, char *list)
{
	char *next;

	args->nb_bursts = 0;
	for (char *word = strtok_r(list, ",", &next); word != NULL;
	     word = strtok_r(NULL, ",", &next)) {
		if (args->nb_bursts == MAX_BURSTS)
			wrong("--burst", word, "16 numbers at most");
		args->burst[args->nb_bursts++] = number("--burst", word, 1, MAX_BURST);
	}
	if (args->nb_bursts == 0)
		wrong("--burst", list, "N[,N]..., 1 to 256");
}

static void
parse_states(struct args *args, char *list)
{
	char *next;

	memset(args->state, 0, sizeof(args->state));
	for (char *word = strtok_r(list, ",", &next); word != NULL;
	     word = strtok_r(NULL, ",", &next)) {
		unsigned int s;

		for (s = 0; s < STATE_COUNT && strcmp(word, state_names[s]) != 0; s++)
			;
		if (s == STATE_COUNT)
			wrong("--state", word, "warm, l3");
		args->state[s] = true;
	}
}

static void
parse_ring(struct port *port, char *value)
{
	char *tx = strchr(value, '/');

	if (tx != NULL)
		*tx++ = '\0';
	port->rx_ring = number("ring", value, 32, 4096);
	port->tx_ring = tx != NULL ? number("ring", tx, 32, 4096) : port->rx_ring;
}

static void
parse_offloads(struct port *port, const char *value)
{
	for (unsigned int i = 0; i < RTE_DIM(offload_sets); i++)
		if (strcmp(offload_sets[i].name, value) == 0) {
			port->offloads = &offload_sets[i];
			return;
		}
	wrong("offloads", value, "none, rx, vlan, txcsum, tso");
}

static void
parse_key(struct port *port, char *key)
{
	char *value = strchr(key, '=');

	if (value == NULL)
		wrong("argument", key, "KEY=VALUE; see --help");
	*value++ = '\0';
	if (strcmp(key, "simd") == 0) {
		port->simd = number("simd", value, 64, 512);
		if ((port->simd & (port->simd - 1)) != 0)
			wrong("simd", value, "64, 128, 256, 512");
	} else if (strcmp(key, "offloads") == 0) {
		parse_offloads(port, value);
	} else if (strcmp(key, "use") == 0) {
		port->use = number("use", value, 0, 1);
	} else if (strcmp(key, "fast_free") == 0) {
		port->fast_free = number("fast_free", value, 0, 1);
	} else if (strcmp(key, "ring") == 0) {
		parse_ring(port, value);
	} else {
		wrong("argument", key, "simd, offloads, use, fast_free, ring");
	}
}

static void
parse_port(struct args *args, char *text)
{
	struct port *port = &args->port[args->nb_ports];
	char *next;

	if (args->nb_ports == MAX_PORTS)
		wrong("port", text, "16 ports at most");
	*port = (struct port){ .rx_ring = 512, .tx_ring = 512, .simd = 256, .fast_free = true,
			       .offloads = &offload_sets[0] };
	text = strtok_r(text, ":", &next);
	port->id = number("port", text != NULL ? text : "", 0, RTE_MAX_ETHPORTS - 1);
	if (!rte_eth_dev_is_valid_port(port->id))
		wrong("port", text, "the number of a port that EAL has found");
	for (unsigned int i = 0; i < args->nb_ports; i++)
		if (args->port[i].id == port->id)
			wrong("port", text, "each port once");
	for (char *key = strtok_r(NULL, ":", &next); key != NULL; key = strtok_r(NULL, ":", &next))
		parse_key(port, key);
	args->nb_ports++;
}

static void
plug(char *name)
{
	char *rest = strchr(name, ',');

	if (rest != NULL)
		*rest++ = '\0';
	if (port_plug(name, rest != NULL ? rest : "") < 0)
		wrong("--plug", name, "a device that EAL can plug in; EAL says why not");
}

void
args_parse(int argc, char **argv, struct args *args)
{
	static const struct option options[] = {
		{ "plug", required_argument, NULL, 'p' },
		{ "burst", required_argument, NULL, 'b' },
		{ "window", required_argument, NULL, 'w' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "state", required_argument, NULL, 's' },
		{ "count", no_argument, NULL, 'n' },
		{ "csv", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*args = (struct args){ .nb_bursts = 1, .burst = { 32 }, .rounds = 2000, .window = 256,
			       .state = { [STATE_WARM] = true } };
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			plug(optarg);
			break;
		case 'b':
			parse_bursts(args, optarg);
			break;
		case 'w':
			args->window = number("--window", optarg, 32, 65536);
			break;
		case 'r':
			args->rounds = number("--rounds", optarg, 1, 1000000);
			break;
		case 's':
			parse_states(args, optarg);
			break;
		case 'n':
			args->count = true;
			break;
		case 'c':
			args->csv = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			wrong("argument", argv[optind - 1], "see --help");
		}
	}
	for (; optind < argc; optind++)
		parse_port(args, argv[optind]);
	if (args->nb_ports == 0)
		wrong("port", "", "at least one port; see --help");
}
