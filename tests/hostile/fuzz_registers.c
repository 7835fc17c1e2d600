/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * A driver gone wild, for libFuzzer: any register, any ring, any descriptor, while frames of any
 * content come from the wire.  The input is a sequence of steps.  The driver's memory is in pieces,
 * so that AddressSanitizer tells of what is touched beyond them.
 */

#include <stdio.h>
#include <stdlib.h>

#include "../../app/sim82599/nic/nic.h"
#include "../../app/sim82599/wire/wire.h"
#include "fuzz.h"

#define PIECES     16u
#define PIECE_SIZE 8192u
#define IOVA       0xffff0000u /* some of it is above 4 GB */
#define MAX_REGS   4096u

static uint8_t *pieces[PIECES];
static uint32_t bar[NIC_BAR_SIZE / 4];
static uint32_t regs[MAX_REGS];
static unsigned int nb_regs;
static struct nic_card *card;
static _Atomic unsigned int epoch;
static volatile uint8_t sink;

/* The PCI side */

static bool
host_map(void *host, uint64_t addr, uint32_t len, bool write, struct nic_window *window)
{
	uint64_t i = (addr - IOVA) / PIECE_SIZE;

	(void)host;
	/* the last piece may be read only */
	if (addr < IOVA || i >= PIECES || len > (i + 1) * PIECE_SIZE - (addr - IOVA) ||
	    (write && i == PIECES - 1))
		return false;
	*window = (struct nic_window){ IOVA + i * PIECE_SIZE, PIECE_SIZE, pieces[i] };
	return true;
}

static void
host_irq(void *host, bool level)
{
	(void)host, (void)level;
}

static void
host_message(void *host, unsigned int vector)
{
	(void)host;
	if (vector >= NIC_MSIX_VECTORS)
		abort();
}

static const struct nic_host_ops host_ops = {
	.map = host_map, .epoch = &epoch, .irq = host_irq, .message = host_message,
};

/* The wire: one frame at a time, in memory of just its size */

static struct {
	struct wire wire;
	uint8_t *frame;
	uint32_t len;
	unsigned int room;
} wire;

static unsigned int
wire_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	(void)w;
	if (wire.frame == NULL || n == 0)
		return 0;
	frames[0] = (struct wire_frame){ .data = wire.frame, .len = wire.len };
	return 1;
}

static void
wire_drop(void)
{
	free(wire.frame);
	wire.frame = NULL;
}

static void
wire_consume(struct wire *w, unsigned int n)
{
	(void)w;
	if (n > 1 || (n == 1 && wire.frame == NULL))
		abort();
	if (n == 1)
		wire_drop();
}

static unsigned int
wire_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	unsigned int i;

	(void)w;
	for (i = 0; i < n && wire.room > 0; i++, wire.room--) {
		if (frames[i].len < 14 || frames[i].len > WIRE_MAX_FRAME - 4)
			abort();
		for (uint32_t at = 0; at < frames[i].len; at++)
			sink ^= frames[i].data[at];
	}
	return i;
}

static const struct wire_ops wire_ops = {
	.peek = wire_peek, .consume = wire_consume, .send = wire_send,
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct nic_reg_info info;
	uint32_t cursor = 0;

	(void)argc, (void)argv;
	for (unsigned int i = 0; i < PIECES; i++)
		pieces[i] = malloc(PIECE_SIZE);
	while (nb_regs < MAX_REGS && nic_next_reg(&cursor, &info))
		regs[nb_regs++] = info.offset;
	wire.wire.ops = &wire_ops;
	wire.wire.light = true;
	return 0;
}

static uint64_t
some_address(struct input *in)
{
	return IOVA + input_number(in, 3) % (PIECES * PIECE_SIZE + 16);
}

static uint32_t
queue_register(uint32_t direction, uint32_t q, uint32_t i)
{
	if (direction != 0)
		return 0x6000 + 0x40 * q + 4 * i;
	return (q < 64 ? 0x1000 + 0x40 * q : 0xd000 + 0x40 * (q - 64)) + 4 * i;
}

static void
store(uint64_t addr, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (addr + i - IOVA < PIECES * PIECE_SIZE)
			pieces[(addr + i - IOVA) / PIECE_SIZE][(addr + i) % PIECE_SIZE] =
				((const uint8_t *)data)[i];
}

/* A queue as it should be, but for what it should not */
static void
enable_queue(struct nic *nic, struct input *in)
{
	uint32_t direction = input_number(in, 1) % 2, q = input_number(in, 1) % NIC_QUEUES;
	uint64_t base = some_address(in) & ~UINT64_C(0x3f);
	uint32_t control = input_number(in, 4);

	nic_write(nic, queue_register(direction, q, 10), 0);
	nic_write(nic, queue_register(direction, q, 0), base);
	nic_write(nic, queue_register(direction, q, 1), base >> 32);
	nic_write(nic, queue_register(direction, q, 2), (input_number(in, 1) % 64 + 1) * 128);
	if (direction == 0)
		nic_write(nic, queue_register(direction, q, 5), control); /* SRRCTL */
	nic_write(nic, queue_register(direction, q, 10), 1 << 25);
	nic_write(nic, queue_register(direction, q, 6), input_number(in, 1));
}

static void
write_descriptors(struct input *in)
{
	uint64_t at = some_address(in) & ~UINT64_C(15), desc[2];
	uint32_t n = input_number(in, 1) % 8 + 1;

	for (uint32_t i = 0; i < n; i++, at += sizeof(desc)) {
		desc[0] = input_number(in, 1) & 1 ? some_address(in) : input_number(in, 8);
		desc[1] = input_number(in, 8);
		store(at, desc, sizeof(desc));
	}
}

static void
give_frame(struct input *in)
{
	uint32_t len = 14 + input_number(in, 2) % (WIRE_MAX_FRAME - 4 - 14 + 1);

	if (wire.frame != NULL)
		return;
	wire.frame = malloc(len);
	wire.len = len;
	input_bytes(in, wire.frame, len < 200 ? len : 200);
	if (len > 200)
		memset(wire.frame + 200, 0x55, len - 200);
}

enum {
	STEP_WRITE, STEP_WRITE_BITS, STEP_READ, STEP_ANY, STEP_QUEUE, STEP_TAIL, STEP_DESCRIPTORS,
	STEP_MEMORY, STEP_FRAME, STEP_TIME, STEP_OTHER, STEP_COUNT
};

static void
step(struct nic *nic, struct input *in)
{
	uint8_t bytes[64];
	uint32_t reg, value;
	uint64_t at;

	switch (input_number(in, 1) % STEP_COUNT) {
	case STEP_WRITE:
		reg = regs[input_number(in, 2) % nb_regs];
		nic_write(nic, reg, input_number(in, 4));
		break;
	case STEP_WRITE_BITS: /* one that is there but for some bits */
		reg = regs[input_number(in, 2) % nb_regs];
		value = input_number(in, 2);
		nic_write(nic, reg, nic_peek(nic, reg) ^ (value & 0x7ff) << (value >> 11));
		break;
	case STEP_READ:
		nic_read(nic, regs[input_number(in, 2) % nb_regs]);
		break;
	case STEP_ANY:
		reg = input_number(in, 3);
		if (reg & 0x800000)
			nic_write(nic, reg & 0x7fffff, input_number(in, 4));
		else
			nic_read(nic, reg);
		nic_peek(nic, reg);
		break;
	case STEP_QUEUE:
		enable_queue(nic, in);
		break;
	case STEP_TAIL:
		reg = input_number(in, 1);
		nic_write(nic, queue_register(reg >> 7, input_number(in, 1) % NIC_QUEUES, 6),
			  input_number(in, 2));
		break;
	case STEP_DESCRIPTORS:
		write_descriptors(in);
		break;
	case STEP_MEMORY:
		at = some_address(in);
		input_bytes(in, bytes, sizeof(bytes));
		store(at, bytes, sizeof(bytes));
		break;
	case STEP_FRAME:
		give_frame(in);
		break;
	case STEP_TIME:
		fuzz_now += input_number(in, 2) * 1000;
		break;
	case STEP_OTHER:
		value = input_number(in, 1);
		switch (value % 8) {
		case 0: nic_reset(nic); break;
		case 1: nic_set_faults(nic, input_number(in, 2)); break;
		case 2: nic_set_irq_mode(nic, value / 8 % 4); break;
		case 3: nic_set_bus_master(nic, value & 8); break;
		case 4: wire.wire.light = value & 8; break;
		case 5: wire.wire.lossless = value & 8; break;
		case 6: epoch++; break;
		case 7: nic_bad_access(nic, input_number(in, 3), value / 8); break;
		}
		break;
	}
}

/* Link, MAC and direct memory access on, all frames taken, queues 0 and 1 */
static void
set_up(struct nic *nic)
{
	fuzz_now += 30000000;
	nic_poll(nic);
	nic_write(nic, 0x5080, 0x700);
	nic_write(nic, 0x3000, 1);
	nic_write(nic, 0x4a80, 1);
	for (uint32_t q = 0; q < 4; q++) {
		uint64_t base = IOVA + q * PIECE_SIZE;

		nic_write(nic, queue_register(q & 1, q / 2, 0), base);
		nic_write(nic, queue_register(q & 1, q / 2, 1), base >> 32);
		nic_write(nic, queue_register(q & 1, q / 2, 2), 512);
		nic_write(nic, queue_register(q & 1, q / 2, 10), 1 << 25);
		for (uint64_t i = 0; !(q & 1) && i < 32; i++)
			store(base + 16 * i, &(uint64_t[2]){ IOVA + (4 + i % 11) * PIECE_SIZE },
			      16);
		nic_write(nic, queue_register(q & 1, q / 2, 6), q & 1 ? 0 : 31);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct nic_config config = {
		.name = "fuzz", .bar = bar, .host_ops = &host_ops, .trace_fd = -1,
		.mac = { 2, 0x82, 0x59, 0, 0, 0 },
	};
	char violation[200];
	struct nic *nic;
	uint8_t flags;

	if (size == 0)
		return 0;
	flags = input_number(&in, 1);
	memset(bar, 0, sizeof(bar));
	for (unsigned int i = 0; i < PIECES; i++)
		memset(pieces[i], 0, PIECE_SIZE);
	wire.wire.light = true;
	wire.wire.lossless = flags & 8;
	config.card = card = nic_card_create();
	config.strict = flags & 2;
	config.lan_id = flags >> 2 & 1;
	nic = nic_create(&config);
	if (nic == NULL)
		abort();
	nic_set_wire(nic, &wire.wire);
	if (flags & 1)
		set_up(nic);
	while (in.left > 0) {
		step(nic, &in);
		wire.room = 40;
		fuzz_now += 1000;
		nic_poll(nic);
		nic_wake_at(nic);
	}
	nic_get_first_violation(nic, violation, sizeof(violation));
	nic_free(nic);
	nic_card_free(card);
	wire_drop();
	return 0;
}
