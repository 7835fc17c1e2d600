/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include "rig.h"
#include "nic/clock.h"

uint64_t clock_ns;
uint8_t *host;
uint64_t host_size;
_Atomic unsigned int epoch;
uint32_t bar[2][NIC_BAR_SIZE / 4];
struct nic_card *card;
struct nic *nic;
struct rig_wire wire;
bool line;
unsigned int line_changes, line_rises;
unsigned int messages[NIC_MSIX_VECTORS];

/* in place of clock.c */
uint64_t
nic_now(void)
{
	return clock_ns;
}

static bool
host_map(void *ctx, uint64_t addr, uint32_t len, bool write, struct nic_window *window)
{
	(void)ctx;
	(void)write;
	if (addr < HOST_BASE || len > host_size || addr - HOST_BASE > host_size - len)
		return false;
	*window = (struct nic_window){ .addr = HOST_BASE, .len = host_size, .mem = host };
	return true;
}

static void
host_irq(void *ctx, bool level)
{
	if (ctx != bar[0])
		return;
	assert_true(level != line);
	line = level;
	line_changes++;
	line_rises += level;
}

static void
host_message(void *ctx, unsigned int vector)
{
	assert_true(vector < NIC_MSIX_VECTORS);
	if (ctx == bar[0])
		messages[vector]++;
}

static const struct nic_host_ops host_ops = {
	.map = host_map, .epoch = &epoch, .irq = host_irq, .message = host_message,
};

static unsigned int
wire_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	const struct frame *in = &wire.in[wire.in_first];
	unsigned int i;

	(void)w;
	if (wire.page_end != NULL && wire.in_first < wire.in_end) {
		frames[0] = (struct wire_frame){ .data = wire.page_end - in->len, .len = in->len };
		memcpy(wire.page_end - in->len, in->b, in->len);
		return 1;
	}
	for (i = 0; i < n && wire.in_first + i < wire.in_end; i++)
		frames[i] = (struct wire_frame){ .data = in[i].b, .len = in[i].len };
	if (wire.made)
		frames[0].made = i;
	return i;
}

static void
wire_consume(struct wire *w, unsigned int n)
{
	(void)w;
	wire.in_first += n;
	assert_true(wire.in_first <= wire.in_end);
}

static unsigned int
wire_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct frame *out;
	unsigned int i;

	(void)w;
	for (i = 0; i < n && wire.room > 0; i++, wire.room--) {
		assert_in_range(frames[i].len, 14, WIRE_MAX_FRAME - 4);
		assert_true(wire.nb_out < MAX_FRAMES);
		out = &wire.out[wire.nb_out++];
		memcpy(out->b, frames[i].data, frames[i].len);
		out->len = frames[i].len;
	}
	return i;
}

static void
wire_link(struct wire *w, bool up)
{
	(void)w;
	(void)up;
	wire.link_calls++;
}

static const struct wire_ops wire_ops = {
	.peek = wire_peek, .consume = wire_consume, .send = wire_send, .link = wire_link,
};

void
rig_open(void)
{
	clock_ns = 1000 * MS;
	host = calloc(1, HOST_SIZE);
	card = nic_card_create();
	assert_non_null(host);
	assert_non_null(card);
}

int
rig_close(void **state)
{
	(void)state;
	nic_free(nic);
	nic_card_free(card);
	free(host);
	return 0;
}

struct nic_config
rig_config(void)
{
	return (struct nic_config){
		.name = "test", .bar = bar[0], .host_ops = &host_ops, .host = bar[0], .card = card,
		.mac = { 0x02, 0x82, 0x59, 0, 0, 1 }, .trace_fd = -1,
	};
}

struct nic *
rig_create(const struct nic_config *config)
{
	struct nic *created;

	host_size = HOST_SIZE;
	wire.wire = (struct wire){ .ops = &wire_ops, .lossless = true, .light = true };
	wire.in_first = wire.in_end = wire.nb_out = wire.link_calls = 0;
	wire.made = false;
	wire.room = MAX_FRAMES;
	wire.page_end = NULL;
	line = false;
	line_changes = line_rises = 0;
	memset(messages, 0, sizeof(messages));
	memset((void *)(uintptr_t)config->bar, 0, NIC_BAR_SIZE);
	created = nic_create(config);
	assert_non_null(created);
	return created;
}

void
rig_start(void)
{
	struct nic_config config;

	rig_open();
	config = rig_config();
	nic = rig_create(&config);
}

void
rig_link_up(void)
{
	nic_set_wire(nic, &wire.wire);
	reg_set(NIC_AUTOC, NIC_AUTOC_AN_RESTART);
	rig_pass(100 * MS);
	assert_true(nic_link_is_up(nic));
}

void
rig_receive(void)
{
	reg_set(NIC_HLREG0, NIC_HLREG0_RXCRCSTRP);
	reg_set(NIC_RDRXCTL, NIC_RDRXCTL_CRCSTRIP);
	wr(NIC_FCTRL, NIC_FCTRL_UPE | NIC_FCTRL_MPE | NIC_FCTRL_BAM);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
}

void
rig_pass(uint64_t ns)
{
	for (uint64_t end = clock_ns + ns; clock_ns < end; clock_ns += 10 * US)
		nic_poll(nic);
}

struct frame *
frame_add(void)
{
	assert_true(wire.in_end < MAX_FRAMES);
	return &wire.in[wire.in_end++];
}

uint32_t
rd(uint32_t offset)
{
	return nic_read(nic, offset);
}

void
wr(uint32_t offset, uint32_t value)
{
	nic_write(nic, offset, value);
}

void
reg_set(uint32_t offset, uint32_t bits)
{
	wr(offset, rd(offset) | bits);
}

void
poll_all(void)
{
	while (nic_poll(nic) > 0)
		;
}

struct nic_counts
counts(void)
{
	struct nic_counts c;

	nic_get_counts(nic, &c);
	return c;
}

uint64_t
violations(const char *name)
{
	const struct nic_rule *rule;
	uint64_t n;

	for (unsigned int i = 0; (rule = nic_get_rule(nic, i, &n)) != NULL; i++)
		if (strcmp(rule->name, name) == 0)
			return n;
	fail_msg("no rule %s", name);
	return 0;
}

void
no_violation(void)
{
	char first[160];

	nic_get_first_violation(nic, first, sizeof(first));
	assert_string_equal(first, "");
}
