/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What the fuzz targets share: their input, taken piece by piece, and their clock. */

#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <string.h>
#include <time.h>

struct input {
	const uint8_t *data;
	size_t left;
};

/* n bytes, or as many as there are, the rest zeroes */
static inline void
input_bytes(struct input *in, void *to, size_t n)
{
	size_t some = n < in->left ? n : in->left;

	memset(to, 0, n);
	memcpy(to, in->data, some);
	in->data += some;
	in->left -= some;
}

static inline uint64_t
input_number(struct input *in, size_t bytes)
{
	uint64_t value = 0;

	input_bytes(in, &value, bytes);
	return value;
}

/* Time passes when the target says so (linked with --wrap=clock_gettime): 20 ms until the link is
 * up would take all day otherwise. */
static uint64_t fuzz_now = 1000000000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = fuzz_now / 1000000000;
	ts->tv_nsec = fuzz_now % 1000000000;
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* FUZZ_H */
