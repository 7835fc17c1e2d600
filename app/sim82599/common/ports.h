/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/** Names of ports, sim82599_0, sim82599_1, ..., and the cables between them. */

#ifndef SIM_PORTS_H
#define SIM_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#define PORT_PREFIX "sim82599_"

/** Is this the name of one of nb ports? The number is written without leading zeros. */
bool port_parse_name(const char *text, unsigned int nb, unsigned int *index);
/** The same, or the number alone. */
bool port_parse(const char *text, unsigned int nb, unsigned int *index);

/**
 * Check that a port's wire, if it is a cable, leads to another one of nb ports.
 * @param peer  set to the other port's number, or to nb if the wire is no cable
 * @return false: err says what is wrong and what is allowed
 */
bool port_check_cable(const char *name, const char *wire, unsigned int nb, unsigned int *peer,
		      char *err, size_t err_size);

/** Is this wire a cable to the port of that name? */
bool port_is_cable_to(const char *wire, const char *name);

/** Write the error of a cable to a port whose own wire leads to another port. */
void port_cable_error(const char *name, const char *wire, const char *peer, const char *peer_wire,
		      char *err, size_t err_size);

#endif /* SIM_PORTS_H */
