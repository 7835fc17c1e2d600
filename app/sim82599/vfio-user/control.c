/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Commands over the socket of --control: a command is a line, and its answer is one JSON text. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../common/report.h"
#include "vfio_user.h"

static void
say(FILE *out, const char *what)
{
	fprintf(out, "{\n");
	report_string(out, "answer", what);
	fprintf(out, "\t\"done\": 1\n}\n");
}

static void
fail(FILE *out, const char *what, const char *given, const char *allowed)
{
	fprintf(out, "{\n");
	report_string(out, "error", what);
	report_string(out, "given", given);
	report_string(out, "allowed", allowed);
	fprintf(out, "\t\"done\": 0\n}\n");
}

static void
on_stats(FILE *out, struct function *f, const char *rest)
{
	char violation[200];

	(void)rest;
	nic_get_first_violation(f->nic, violation, sizeof(violation));
	fprintf(out, "{\n");
	report_string(out, "port", f->name);
	report_string(out, "socket", f->args.socket);
	report_string(out, "wire", f->args.device.wire);
	report_string(out, "first_violation", violation);
	report_number(out, "client", f->client_fd >= 0);
	report_number(out, "clients", f->clients);
	report_number(out, "requests", f->messages);
	report_number(out, "errors", f->errors);
	report_number(out, "dma_ranges", f->dma.nb);
	report_number(out, "link", nic_link_is_up(f->nic));
	report_counters(f->nic, f->wire, report_number, out);
	report_absent(out, f->nic);
	report_rules(out, f->nic);
	fprintf(out, "}\n");
}

static void
on_regs(FILE *out, struct function *f, const char *prefix)
{
	struct nic_reg_info info;
	uint32_t cursor = 0, value;

	fprintf(out, "{\n");
	while (nic_next_reg(&cursor, &info)) {
		value = nic_peek(f->nic, info.offset);
		if (strncmp(info.name, prefix, strlen(prefix)) == 0 &&
		    (value != 0 || prefix[0] != '\0'))
			report_number(out, info.name, value);
	}
	fprintf(out, "\t\"done\": 1\n}\n");
}

static void
on_link(FILE *out, struct function *f, const char *state)
{
	bool up;

	if (!parse_choice(state, "down", "up", &up)) {
		fail(out, "no such link state", state, "up, down");
		return;
	}
	f->wire->light = up;
	nic_set_faults(f->nic, nic_faults(f->nic)); /* makes the device look for light */
	say(out, state);
}

static void
on_fault(FILE *out, struct function *f, const char *names)
{
	uint32_t faults;

	if (!parse_faults(names, &faults)) {
		fail(out, "no such fault", names, fault_list());
		return;
	}
	nic_set_faults(f->nic, faults);
	say(out, names);
}

static void
on_start(FILE *out, struct function *f, const char *count)
{
	unsigned long n;

	if (!parse_number(count, UINT64_MAX, &n))
		fail(out, "not a number of frames", count,
		     "0 (as the wire's description says), 1, ...");
	else if (wire_start(f->wire, n) < 0)
		fail(out, "this wire generates no frames", f->args.device.wire,
		     "gen, pcap:in=FILE");
	else
		say(out, "started");
}

static void
on_stop(FILE *out, struct function *f, const char *rest)
{
	(void)rest;
	if (wire_stop(f->wire) < 0)
		fail(out, "this wire generates no frames", f->args.device.wire,
		     "gen, pcap:in=FILE");
	else
		say(out, "stopped");
}

static const struct {
	const char *name;
	void (*answer)(FILE *out, struct function *f, const char *rest);
} questions[] = {
	{ "stats", on_stats },
	{ "regs", on_regs },
	{ "link", on_link },
	{ "fault", on_fault },
	{ "start", on_start },
	{ "stop", on_stop },
};

/* "NAME PORT REST"; PORT is sim82599_N, or N alone */
static void
ask(struct server *s, char *question, FILE *out)
{
	char *name = strsep(&question, " "), *port = strsep(&question, " ");
	const char *rest = question != NULL ? question : "";
	char allowed[80];
	unsigned int i;

	if (port == NULL || !port_parse(port, s->nb, &i)) {
		snprintf(allowed, sizeof(allowed),
			 "0 to %u, or " PORT_PREFIX "0 to " PORT_PREFIX "%u", s->nb - 1, s->nb - 1);
		fail(out, "no such port", port != NULL ? port : "", allowed);
		return;
	}
	for (size_t q = 0; q < sizeof(questions) / sizeof(questions[0]); q++)
		if (strcmp(name, questions[q].name) == 0) {
			questions[q].answer(out, &s->functions[i], rest);
			return;
		}
	fail(out, "no such command", name, "stats, regs, link, fault, start, stop");
}

char *
control_answer(struct server *s, char *question, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (out == NULL)
		return NULL;
	ask(s, question, out);
	fclose(out);
	return text;
}
