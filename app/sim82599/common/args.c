/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../nic/nic.h"
#include "args.h"

bool
parse_number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoul(text, &end, 10);
	return *end == '\0' && errno == 0 && *value <= max;
}

bool
parse_choice(const char *text, const char *no, const char *yes, bool *value)
{
	*value = strcmp(text, yes) == 0;
	return *value || strcmp(text, no) == 0;
}

static bool
parse_mac(const char *text, uint8_t mac[6])
{
	int n = -1;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n",
		   &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &n) != 6 ||
	    n != (int)strlen(text))
		return false;
	return (mac[0] & 1) == 0 && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) != 0;
}

bool
parse_faults(const char *text, uint32_t *faults)
{
	*faults = 0;
	if (strcmp(text, "none") == 0)
		return true;
	for (;;) {
		size_t len = strcspn(text, "+");
		unsigned int i;

		for (i = 0; i < NIC_FAULT_COUNT; i++)
			if (strlen(nic_fault_names[i]) == len &&
			    memcmp(nic_fault_names[i], text, len) == 0)
				break;
		if (i == NIC_FAULT_COUNT)
			return false;
		*faults |= 1u << i;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

const char *
fault_list(void)
{
	static char list[256];
	size_t n = snprintf(list, sizeof(list), "none");

	for (unsigned int i = 0; i < NIC_FAULT_COUNT && n < sizeof(list); i++)
		n += snprintf(list + n, sizeof(list) - n, ", %s", nic_fault_names[i]);
	return list;
}

bool
arg_wire(void *to, const char *value)
{
	((struct device_args *)to)->wire = value; /* wire_create() checks it */
	return true;
}

bool
arg_mac(void *to, const char *value)
{
	return parse_mac(value, ((struct device_args *)to)->mac);
}

bool
arg_strict(void *to, const char *value)
{
	return parse_choice(value, "0", "1", &((struct device_args *)to)->strict);
}

bool
arg_fault(void *to, const char *value)
{
	return parse_faults(value, &((struct device_args *)to)->faults);
}

bool
arg_trace(void *to, const char *value)
{
	((struct device_args *)to)->trace = value;
	return value[0] != '\0';
}

bool
arg_report(void *to, const char *value)
{
	((struct device_args *)to)->report = value;
	return value[0] != '\0';
}

static bool
unknown(const char *key, const struct arg *args, unsigned int n, char *err, size_t size)
{
	int len = snprintf(err, size, "unknown argument '%s'; allowed: ", key);

	for (unsigned int i = 0; i < n && len < (int)size; i++)
		len += snprintf(err + len, size - len, "%s%s", i > 0 ? ", " : "", args[i].key);
	return false;
}

static bool
parse_one(char *text, const struct arg *args, unsigned int n, void *to, uint32_t *given,
	  char *err, size_t size)
{
	char *value = strchr(text, '=');
	unsigned int i;

	if (value != NULL)
		*value++ = '\0';
	for (i = 0; i < n; i++)
		if (strcmp(args[i].key, text) == 0)
			break;
	if (i == n)
		return unknown(text, args, n, err, size);
	if (value == NULL || (*given & 1u << i) != 0) {
		snprintf(err, size, "argument '%s' %s; allowed: %s=VALUE, once", text,
			 value == NULL ? "has no value" : "is given twice", text);
		return false;
	}
	*given |= 1u << i;
	if (args[i].set(to, value))
		return true;
	snprintf(err, size, "%s=%s is wrong; allowed: %s", text, value,
		 args[i].allowed != NULL ? args[i].allowed : fault_list());
	return false;
}

bool
args_parse(char *text, const struct arg *args, unsigned int n, void *to, char *err, size_t err_size)
{
	uint32_t given = 0;
	char *next;

	for (; text != NULL && *text != '\0'; text = next) {
		next = strchr(text, ',');
		if (next != NULL)
			*next++ = '\0';
		if (!parse_one(text, args, n, to, &given, err, err_size))
			return false;
	}
	return true;
}
