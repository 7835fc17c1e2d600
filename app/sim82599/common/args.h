/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * Arguments of a device, "key=value,key=value". All attachments take them.
 *
 *     wire=...              the wire that is plugged in, see wire.h (default none)
 *     mac=xx:xx:xx:xx:xx:xx
 *     strict=0|1            1: refuse what the data sheet forbids; 0: only count it (default)
 *     fault=NAME[+NAME]...  misbehave in these ways
 *     trace=FILE            write a line for each register access
 *     report=FILE           write counters at the end, as JSON
 */

#ifndef SIM_ARGS_H
#define SIM_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The arguments that all attachments have; texts point into the argument. */
struct device_args {
	const char *wire;
	uint8_t mac[6];
	bool strict;
	uint32_t faults;
	const char *trace, *report;
};

struct arg {
	const char *key;
	bool (*set)(void *to, const char *value);
	const char *allowed;    /* for the message; NULL: the names of faults */
};

/* Rows of a table of struct arg; their "to" begins with a struct device_args. */
bool arg_wire(void *to, const char *value);
bool arg_mac(void *to, const char *value);
bool arg_strict(void *to, const char *value);
bool arg_fault(void *to, const char *value);
bool arg_trace(void *to, const char *value);
bool arg_report(void *to, const char *value);
#define DEVICE_ARGS \
	{ "wire", arg_wire, "see wire.h" }, \
	{ "mac", arg_mac, "xx:xx:xx:xx:xx:xx, unicast and not zero" }, \
	{ "strict", arg_strict, "0 or 1" }, \
	{ "fault", arg_fault, NULL }, \
	{ "trace", arg_trace, "the name of a file" }, \
	{ "report", arg_report, "the name of a file" }

/** Set "to" by text; values point into it. @return false: err says what is wrong */
bool args_parse(char *text, const struct arg *args, unsigned int n, void *to,
		char *err, size_t err_size);

/** Parse decimal digits, at most max. */
bool parse_number(const char *text, unsigned long max, unsigned long *value);
bool parse_choice(const char *text, const char *no, const char *yes, bool *value);
/** Parse "name+name..." or "none" to bits of enum nic_fault. @return false for an unknown name */
bool parse_faults(const char *text, uint32_t *faults);
/** All fault names, for messages. */
const char *fault_list(void);

#endif /* SIM_ARGS_H */
