/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <stdio.h>
#include <string.h>

#include "args.h"
#include "ports.h"

#define CABLE "cable="

static bool
parse_index(const char *text, unsigned int nb, unsigned int *index)
{
	unsigned long value;

	if (text[0] == '0' && text[1] != '\0')
		return false;
	if (!parse_number(text, nb - 1, &value))
		return false;
	*index = value;
	return true;
}

bool
port_parse_name(const char *text, unsigned int nb, unsigned int *index)
{
	size_t prefix = strlen(PORT_PREFIX);

	return strncmp(text, PORT_PREFIX, prefix) == 0 && parse_index(text + prefix, nb, index);
}

bool
port_parse(const char *text, unsigned int nb, unsigned int *index)
{
	return port_parse_name(text, nb, index) || parse_index(text, nb, index);
}

/* The text between "cable=" and the colon before the wire's keys. @return NULL: no cable */
static const char *
cable_peer(const char *wire, int *len)
{
	if (strncmp(wire, CABLE, strlen(CABLE)) != 0)
		return NULL;
	wire += strlen(CABLE);
	*len = strcspn(wire, ":");
	return wire;
}

bool
port_check_cable(const char *name, const char *wire, unsigned int nb, unsigned int *peer,
		 char *err, size_t err_size)
{
	const char *text;
	char given[32];
	int len;

	*peer = nb;
	text = cable_peer(wire, &len);
	if (text == NULL)
		return true;
	if (len < (int)sizeof(given)) {
		snprintf(given, sizeof(given), "%.*s", len, text);
		if (port_parse_name(given, nb, peer) && strcmp(given, name) != 0)
			return true;
	}
	if (nb == 1)
		snprintf(err, err_size,
			 "wire: " CABLE "%.*s: this is not the name of another port; "
			 "allowed: none, for there is no other port", len, text);
	else
		snprintf(err, err_size,
			 "wire: " CABLE "%.*s: this is not the name of another port; "
			 "allowed: " PORT_PREFIX "0 to " PORT_PREFIX "%u, but not %s", len, text,
			 nb - 1, name);
	return false;
}

bool
port_is_cable_to(const char *wire, const char *name)
{
	int len;
	const char *text = cable_peer(wire, &len);

	return text != NULL && strlen(name) == (size_t)len && memcmp(text, name, len) == 0;
}

void
port_cable_error(const char *name, const char *wire, const char *peer, const char *peer_wire,
		 char *err, size_t err_size)
{
	snprintf(err, err_size, "wire: %s: the wire of %s is %s; allowed: a port whose wire is "
		 CABLE "%s", wire, peer, peer_wire, name);
}
