/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * Arguments of a device, "key=value,key=value", as all attachments take them.
 *
 *     wire=...              what is plugged in, see wire.h (default none)
 *     mac=xx:xx:xx:xx:xx:xx
 *     strict=0|1            refuse what the data sheet forbids (default 0: only count)
 *     fault=NAME[+NAME]...  misbehaviour
 *     trace=FILE            a line for every register access
 *     report=FILE           counters at the end, JSON
 */

#ifndef SIM_ARGS_H
#define SIM_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What all attachments know; texts point into the argument. */
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

/** Set "to" by what text says; values stay in it. @return false: err says what was wrong */
bool args_parse(char *text, const struct arg *args, unsigned int n, void *to,
		char *err, size_t err_size);

/** Decimal digits, at most max. */
bool parse_number(const char *text, unsigned long max, unsigned long *value);
bool parse_choice(const char *text, const char *no, const char *yes, bool *value);
/** "name+name..." or "none" into bits of enum nic_fault. @return false: unknown name */
bool parse_faults(const char *text, uint32_t *faults);
/** All fault names, for messages. */
const char *fault_list(void);

#endif /* SIM_ARGS_H */
