/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire_priv.h"

#define LINE_BITS_PER_NS 10
#define LINE_OVERHEAD    (7 + 1 + 4 + 12) /* bytes: preamble, start, FCS, gap between frames */
#define CATCH_UP_NS      10000000         /* limit of lost time to make up for */

static uint64_t
monotonic_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

uint64_t (*wire_clock)(void) = monotonic_clock;

void
wire_counts_copy(struct wire_counts *to, const struct wire_counts *from, bool done)
{
	uint64_t *dst = (uint64_t *)to;
	const uint64_t *src = (const uint64_t *)from;
	size_t i;

	for (i = 0; i < offsetof(struct wire_counts, done) / sizeof(*dst); i++)
		dst[i] = __atomic_load_n(&src[i], __ATOMIC_RELAXED);
	to->done = done;
}

/* Descriptions */

void *
wire_fail(struct wire_error *err, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err->text, err->size, fmt, args);
	va_end(args);
	err->code = code;
	return NULL;
}

/* Decimal digits only, up to end. */
static bool
parse_digits(const char *text, const char *end, const struct wire_option *option, uint64_t *number)
{
	uint64_t digit;

	*number = 0;
	if (text == end)
		return false;
	for (; text < end; text++) {
		digit = (uint8_t)*text - '0';
		if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *number >= option->min && *number <= option->max;
}

bool
wire_parse_number(const struct wire_option *option, const char *value)
{
	return parse_digits(value, value + strlen(value), option, option->to);
}

bool
wire_parse_range(const struct wire_option *option, const char *value)
{
	const char *dash = strchr(value, '-'), *end = value + strlen(value);
	uint64_t *range = option->to;

	if (!parse_digits(value, dash != NULL ? dash : end, option, &range[0]))
		return false;
	range[1] = range[0];
	return dash == NULL ||
	       (parse_digits(dash + 1, end, option, &range[1]) && range[0] <= range[1]);
}

bool
wire_parse_rate(const struct wire_option *option, const char *value)
{
	uint64_t *rate = option->to;

	if (strcmp(value, "unlimited") == 0)
		*rate = WIRE_RATE_UNLIMITED;
	else if (strcmp(value, "line") == 0)
		*rate = WIRE_RATE_LINE;
	else
		return wire_parse_number(option, value);
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* lower case */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
wire_parse_mac(const struct wire_option *option, const char *value)
{
	uint8_t *mac = option->to;
	int i, high, low;

	if (strlen(value) != 17)
		return false;
	for (i = 0; i < 6; i++, value += 3) {
		high = hex_digit(value[0]);
		low = hex_digit(value[1]);
		if (high < 0 || low < 0 || (i < 5 && value[2] != '-'))
			return false;
		mac[i] = high << 4 | low;
	}
	return true;
}

bool
wire_parse_text(const struct wire_option *option, const char *value)
{
	*(const char **)option->to = value;
	return value[0] != '\0';
}

static bool
parse_argument(const char *kind, char *arg, struct wire_option *options, unsigned int n,
	       struct wire_error *err)
{
	char keys[128] = "none";
	char *value = strchr(arg, '=');
	size_t used = 0;
	unsigned int i;

	if (value != NULL)
		*value++ = '\0';
	for (i = 0; i < n && strcmp(options[i].key, arg) != 0; i++)
		used += snprintf(keys + used, sizeof(keys) - used, "%s%s", i > 0 ? ", " : "",
				 options[i].key);
	if (i == n)
		wire_fail(err, EINVAL, "wire: %s: %s: there is no such key; allowed: %s", kind,
			  arg[0] != '\0' ? arg : "an empty argument", keys);
	else if (value == NULL)
		wire_fail(err, EINVAL, "wire: %s: %s: a value is missing; allowed: %s", kind,
			  arg, options[i].allowed);
	else if (options[i].given)
		wire_fail(err, EINVAL, "wire: %s: %s=%s: %s is given twice; allowed: once", kind,
			  arg, value, arg);
	else if (!options[i].parse(&options[i], value))
		wire_fail(err, EINVAL, "wire: %s: %s=%s is wrong; allowed: %s", kind, arg, value,
			  options[i].allowed);
	else
		return options[i].given = true;
	return false;
}

bool
wire_parse(const char *kind, char *args, struct wire_option *options, unsigned int n,
	   struct wire_error *err)
{
	char *arg;

	while ((arg = args) != NULL) {
		args = strchr(arg, ':');
		if (args != NULL)
			*args++ = '\0';
		if (!parse_argument(kind, arg, options, n, err))
			return false;
	}
	return true;
}

/* The times at which frames are due */

void
wire_pace_init(struct wire_pace *pace, uint64_t rate, uint32_t burst, uint64_t total,
	       bool start, uint32_t (*len)(struct wire *w, uint64_t position))
{
	pace->burst = burst;
	pace->total = total;
	pace->len = len;
	atomic_init(&pace->limit, start ? total : 0);
	if (rate == WIRE_RATE_LINE) {
		pace->per_ns = LINE_BITS_PER_NS;
		pace->octet = 8;
		pace->frame = 8 * LINE_OVERHEAD;
	} else {
		pace->per_ns = rate; /* 0 if unlimited */
		pace->frame = 1000000000;
	}
}

/* Add the credit for the time since the last call, but at most CATCH_UP_NS of it above zero. */
static void
pace_earn(struct wire_pace *pace)
{
	int64_t most = CATCH_UP_NS * pace->per_ns;
	uint64_t now = wire_clock(), passed = now - pace->paid_at;

	if (pace->paid_at == 0)
		pace->credit = 0;
	else if (passed >= (uint64_t)(most - pace->credit) / pace->per_ns)
		pace->credit = most;
	else
		pace->credit += passed * pace->per_ns;
	pace->paid_at = now;
}

static void
pace_release(struct wire *w, uint64_t limit)
{
	struct wire_pace *pace = w->pace;
	uint64_t end = limit - pace->released > pace->burst ? pace->released + pace->burst : limit;
	uint64_t i;

	if (pace->octet > 0)
		for (i = pace->released; i < end; i++)
			pace->credit -= pace->octet * pace->len(w, i);
	if (pace->per_ns > 0)
		pace->credit -= pace->frame * (end - pace->released);
	__atomic_store_n(&pace->released, end, __ATOMIC_RELAXED);
}

unsigned int
wire_pace_due(struct wire *w, unsigned int n)
{
	struct wire_pace *pace = w->pace;
	uint64_t limit = atomic_load_explicit(&pace->limit, memory_order_relaxed);
	uint64_t most = n > pace->burst ? n : pace->burst;
	uint64_t offered;

	if (pace->released >= limit)
		pace->paid_at = 0;
	else if (pace->per_ns > 0)
		pace_earn(pace);
	while (pace->released < limit && pace->credit >= 0 &&
	       pace->released - pace->taken + pace->burst <= most)
		pace_release(w, limit);
	offered = pace->released - pace->taken;
	return offered < n ? offered : n;
}

bool
wire_pace_done(const struct wire_pace *pace)
{
	return __atomic_load_n(&pace->taken, __ATOMIC_RELAXED) >= atomic_load(&pace->limit);
}

/* Released frames count as sent: the device may have taken them already. */
int
wire_start(struct wire *w, uint64_t count)
{
	uint64_t limit, from, more;

	if (w->pace == NULL)
		return -ENOTSUP;
	more = count > 0 ? count : w->pace->total;
	limit = atomic_load(&w->pace->limit);
	do {
		from = __atomic_load_n(&w->pace->released, __ATOMIC_RELAXED);
		if (from < limit)
			from = limit;
	} while (!atomic_compare_exchange_weak(&w->pace->limit, &limit, more < UINT64_MAX - from
					       ? from + more : UINT64_MAX));
	return 0;
}

int
wire_stop(struct wire *w)
{
	if (w->pace == NULL)
		return -ENOTSUP;
	atomic_store(&w->pace->limit, __atomic_load_n(&w->pace->released, __ATOMIC_RELAXED));
	return 0;
}

bool
wire_is_running(const struct wire *w)
{
	return w->pace != NULL && !wire_pace_done(w->pace);
}

/* Nothing plugged in */

static unsigned int
none_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	(void)w, (void)frames, (void)n;
	return 0;
}

static void
none_consume(struct wire *w, unsigned int n)
{
	(void)w, (void)n;
}

struct none {
	struct wire wire;
	struct wire_counts counts;
};

static unsigned int
none_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct none *none = (struct none *)w;
	unsigned int i;

	for (i = 0; i < n; i++)
		wire_count(&none->counts.from_nic_bytes, frames[i].len);
	wire_count(&none->counts.from_nic, n);
	wire_count(&none->counts.dropped, n);
	return n;
}

static void
none_counts(struct wire *w, struct wire_counts *counts)
{
	wire_counts_copy(counts, &((struct none *)w)->counts, true);
}

static void
none_free(struct wire *w)
{
	free(w);
}

static const struct wire_ops none_ops = {
	.peek = none_peek,
	.consume = none_consume,
	.send = none_send,
	.counts = none_counts,
	.free = none_free,
};

static struct wire *
none_create(char *args, struct wire_error *err)
{
	struct none *none;

	if (!wire_parse("none", args, NULL, 0, err))
		return NULL;
	none = calloc(1, sizeof(*none));
	if (none == NULL)
		return wire_fail(err, ENOMEM, "wire: none: out of memory");
	none->wire.ops = &none_ops;
	return &none->wire;
}

struct wire *
wire_create(const char *spec, const char *port, const uint8_t mac[6], char *err, size_t err_size)
{
	struct wire_error error = { err, err_size, 0 };
	char *kind = strdup(spec), *args;
	struct wire *w;

	if (kind == NULL) {
		wire_fail(&error, ENOMEM, "wire: out of memory");
		errno = ENOMEM;
		return NULL;
	}
	args = strchr(kind, ':');
	if (args != NULL)
		*args++ = '\0';
	if (strcmp(kind, "none") == 0)
		w = none_create(args, &error);
	else if (strcmp(kind, "gen") == 0)
		w = wire_gen_create(true, args, mac, &error);
	else if (strcmp(kind, "sink") == 0)
		w = wire_gen_create(false, args, mac, &error);
	else if (strcmp(kind, "loop") == 0)
		w = wire_loop_create(args, &error);
	else if (strncmp(kind, "cable=", 6) == 0)
		w = wire_cable_create(kind + 6, args, port, &error);
	else if (strncmp(kind, "tap=", 4) == 0)
		w = wire_tap_create(kind + 4, args, &error);
	else if (strcmp(kind, "pcap") == 0)
		w = wire_pcap_create(args, &error);
	else
		w = wire_fail(&error, EINVAL, "wire: '%s': there is no such wire; allowed: "
			      "none, gen, sink, loop, cable=PORT, pcap and tap=NAME", kind);
	free(kind); /* and args with it */
	if (w == NULL)
		errno = error.code;
	return w;
}
