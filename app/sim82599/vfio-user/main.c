/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../common/report.h"
#include "vfio_user.h"

static const char usage[] =
"usage: sim82599-vfio-user --socket PATH[,key=value]... [--socket ...] [--control PATH]\n"
"\n"
"Serves a software 82599 to a virtual machine at each socket, by the vfio-user protocol:\n"
"  qemu-system-x86_64 -object memory-backend-memfd,id=mem,size=1G,share=on -m 1G\n"
"    -machine q35,memory-backend=mem\n"
"    -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}'\n"
"\n"
"  wire=...              the wire that is plugged in (default none): gen, sink, loop,\n"
"                        cable=PORT, pcap, tap=NAME; see doc/sim82599.md. A PORT is sim82599_0,\n"
"                        sim82599_1, ... in the order of --socket\n"
"  mac=xx:xx:xx:xx:xx:xx the MAC address (default 02:82:59:00:00:NN)\n"
"  lan_id=0|1            1: the second function of the card of the previous --socket (default 0)\n"
"  msix=0|1              0: offer no MSI-X, so that drivers use MSI (default 1)\n"
"  strict=0|1            1: refuse what the data sheet forbids; 0: only count it (default 0)\n"
"  fault=NAME[+NAME]...  misbehave in these ways\n"
"  trace=FILE            write a line for each register access\n"
"  report=FILE           write counters at the end, as JSON\n"
"\n"
"--control PATH: a socket that accepts one of these lines, and answers it with JSON:\n"
"  stats PORT | regs PORT [START OF NAME] | link PORT up|down | fault PORT NAME[+NAME...]|none |\n"
"  start PORT COUNT | stop PORT\n"
"SIGTERM or SIGINT ends the program, which then prints a line for each function on stderr.\n";

static bool
set_lan_id(void *to, const char *value)
{
	bool second;

	if (!parse_choice(value, "0", "1", &second))
		return false;
	((struct function_args *)to)->lan_id = second;
	return true;
}

static bool
set_msix(void *to, const char *value)
{
	return parse_choice(value, "1", "0", &((struct function_args *)to)->no_msix);
}

static const struct arg function_arguments[] = {
	DEVICE_ARGS,
	{ "lan_id", set_lan_id, "0 or 1" },
	{ "msix", set_msix, "0 or 1" },
};

static bool
parse_function(struct function *f, unsigned int index, const char *text)
{
	char err[256] = "", *rest;

	function_init(f);
	snprintf(f->name, sizeof(f->name), PORT_PREFIX "%u", index);
	f->args.device.wire = "none";
	memcpy(f->args.device.mac, (uint8_t[6]){ 0x02, 0x82, 0x59, 0, 0, index }, 6);
	f->text = strdup(text);
	if (f->text == NULL) {
		fprintf(stderr, "%s: out of memory\n", f->name);
		return false;
	}
	f->args.socket = f->text;
	rest = strchr(f->text, ',');
	if (rest != NULL)
		*rest++ = '\0';
	if (f->text[0] == '\0') {
		fprintf(stderr, "%s: --socket '%s' names no path\n", f->name, text);
		return false;
	}
	if (args_parse(rest, function_arguments,
		       sizeof(function_arguments) / sizeof(function_arguments[0]), &f->args,
		       err, sizeof(err)))
		return true;
	fprintf(stderr, "%s: %s\n", f->name, err);
	return false;
}

/* The second report would overwrite the first. */
static bool
reports_differ(const struct server *s)
{
	for (unsigned int i = 0; i < s->nb; i++) {
		const char *report = s->functions[i].args.device.report;

		for (unsigned int j = 0; j < i && report != NULL; j++) {
			const struct function *other = &s->functions[j];

			if (other->args.device.report == NULL ||
			    strcmp(report, other->args.device.report) != 0)
				continue;
			fprintf(stderr,
				"%s: report=%s is already used by %s; allowed: another file\n",
				s->functions[i].name, report, other->name);
			return false;
		}
	}
	return true;
}

/* All ports are known: a cable without an other end will never get one. */
static bool
cables_fit(const struct server *s)
{
	char err[256];

	for (unsigned int i = 0; i < s->nb; i++) {
		const char *name = s->functions[i].name, *wire = s->functions[i].args.device.wire;
		const struct function *other;
		unsigned int peer;

		if (!port_check_cable(name, wire, s->nb, &peer, err, sizeof(err))) {
			fprintf(stderr, "%s: %s\n", name, err);
			return false;
		}
		if (peer == s->nb)
			continue;
		other = &s->functions[peer];
		if (port_is_cable_to(other->args.device.wire, name))
			continue;
		port_cable_error(name, wire, other->name, other->args.device.wire, err,
				 sizeof(err));
		fprintf(stderr, "%s: %s\n", name, err);
		return false;
	}
	return true;
}

/* @return 0, or the exit code */
static int
parse(struct server *s, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			exit(0);
		}
		if (i + 1 < argc && strcmp(argv[i], "--control") == 0) {
			s->control = argv[++i];
		} else if (i + 1 < argc && strcmp(argv[i], "--socket") == 0) {
			if (s->nb == MAX_FUNCTIONS) {
				fprintf(stderr, "too many functions; allowed: %d\n", MAX_FUNCTIONS);
				return 2;
			}
			if (!parse_function(&s->functions[s->nb], s->nb, argv[++i]))
				return 2;
			s->nb++;
		} else {
			fprintf(stderr, "'%s' is not understood, or has no value\n%s", argv[i],
				usage);
			return 2;
		}
	}
	if (s->nb == 0) {
		fprintf(stderr, "no function to serve\n%s", usage);
		return 2;
	}
	return reports_differ(s) && cables_fit(s) ? 0 : 2;
}

static bool
create(struct server *s)
{
	for (unsigned int i = 0; i < s->nb; i++) {
		struct function *f = &s->functions[i];
		bool second = f->args.lan_id == 1 && i > 0 && s->functions[i - 1].args.lan_id == 0;

		if (!function_create(f, second ? &s->functions[i - 1] : NULL))
			return false;
	}
	return true;
}

static void
report(struct function *f)
{
	char violation[200];

	fprintf(stderr, "%s: ", f->name);
	report_line(stderr, f->nic, f->wire);
	fputc('\n', stderr);
	if (f->report == NULL)
		return;
	nic_get_first_violation(f->nic, violation, sizeof(violation));
	fprintf(f->report, "{\n");
	report_string(f->report, "port", f->name);
	report_string(f->report, "wire", f->args.device.wire);
	report_string(f->report, "first_violation", violation);
	report_counters(f->nic, f->wire, report_number, f->report);
	report_absent(f->report, f->nic);
	report_rules(f->report, f->nic);
	fprintf(f->report, "}\n");
	if (fflush(f->report) != 0)
		fprintf(stderr, "%s: report=%s: %s\n", f->name, f->args.device.report,
			strerror(errno));
}

/* Each client may use about 200 descriptors here: eventfds, files, those of a message. */
static void
allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
main(int argc, char **argv)
{
	struct server s = { .control_fd = -1 };
	int code;

	s.functions = calloc(MAX_FUNCTIONS, sizeof(*s.functions));
	if (s.functions == NULL) {
		fprintf(stderr, "out of memory\n");
		return 1;
	}
	for (unsigned int i = 0; i < MAX_ASKERS; i++)
		s.askers[i].fd = -1;
	code = parse(&s, argc, argv);
	if (code != 0)
		return code;
	allow_descriptors();
	code = 1;
	if (dma_catch_sigbus() == 0 && create(&s) && server_listen(&s) == 0) {
		fprintf(stderr, "serving %u function%s\n", s.nb, s.nb == 1 ? "" : "s");
		server_run(&s);
		for (unsigned int i = 0; i < s.nb; i++)
			report(&s.functions[i]);
		code = 0;
	}
	server_close(&s);
	for (unsigned int i = s.nb; i-- > 0;)
		function_free(&s.functions[i]);
	free(s.functions);
	return code;
}
