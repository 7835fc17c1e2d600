/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What the unit tests of the software 82599 share: the device, and around it host memory, a wire,
 * and a clock that stands until a test moves it. */

#ifndef RIG_H
#define RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nic/nic.h"
#include "nic/regs.h"
#include "wire/wire.h"

#define US         UINT64_C(1000)
#define MS         UINT64_C(1000000)
#define HOST_BASE  UINT64_C(0x7f0012340000) /* DMA addresses are not pointers here */
#define HOST_SIZE  (8u << 20)
#define MAX_FRAMES 512u

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct ring_desc {
	uint64_t lo, hi;
};

struct frame {
	uint8_t b[WIRE_MAX_FRAME];
	uint32_t len;
	uint32_t l3, l4;       /* where the last header of each is, for tests that make them */
};

/* The far end of the wire: what it has for the device, and what it got. */
struct rig_wire {
	struct wire wire;
	struct frame in[MAX_FRAMES], out[MAX_FRAMES];
	unsigned int in_first, in_end;
	unsigned int nb_out;
	unsigned int room;     /* for this number of further frames */
	unsigned int link_calls;
	bool made;             /* it says so of all frames, which are then alike */
	/* if set: a frame for the device lies before memory that must not be read; one at a time */
	uint8_t *page_end;
};

extern uint64_t clock_ns; /* nic_now() */
extern uint8_t *host;
extern uint64_t host_size; /* as much as is mapped just now */
extern _Atomic unsigned int epoch;
extern uint32_t bar[2][NIC_BAR_SIZE / 4];
extern struct nic_card *card;
extern struct nic *nic;
extern struct rig_wire wire;
/* interrupts of the device whose BAR is bar[0] */
extern bool line;
extern unsigned int line_changes, line_rises;
extern unsigned int messages[NIC_MSIX_VECTORS];

/* Host memory and a card; rig_close(), a test's teardown, ends these, and the device. @return 0 */
void rig_open(void);
int rig_close(void **state);
/* An ordinary device of that card, to be changed for rig_create(). */
struct nic_config rig_config(void);
/* A device; wire, mapping and what was recorded of interrupts are as new. */
struct nic *rig_create(const struct nic_config *config);
/* rig_open(), and nic is an ordinary device. */
void rig_start(void);
/* Plug in the wire, and wait for the link. */
void rig_link_up(void);
/* Frames to all stations come in, and lose their FCS. */
void rig_receive(void);
/* Poll, every 10 us of the clock, for so long. */
void rig_pass(uint64_t ns);

/* A new frame for the device, still empty. */
struct frame *frame_add(void);

uint32_t rd(uint32_t offset);
void wr(uint32_t offset, uint32_t value);
void reg_set(uint32_t offset, uint32_t bits);
/* Poll while something moves. */
void poll_all(void);

struct nic_counts counts(void);
/* How often was this rule broken? */
uint64_t violations(const char *rule);
void no_violation(void);

#endif /* RIG_H */
