/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Sums of long data, and CRC32c by half-bytes. */

#include "csum.h"

typedef uint64_t words __attribute__((vector_size(CSUM_BLOCK / 2)));
typedef uint64_t words_anywhere __attribute__((vector_size(CSUM_BLOCK / 2), aligned(1), may_alias));

/* The sum of 32-bit words. The sum of the words at even places is the sum of the 64-bit words minus
 * that of the other words; carries that it loses do not matter. */
static inline __attribute__((always_inline)) uint64_t
sum_blocks(const uint8_t *data, uint32_t len)
{
	words all = { 0 }, odd = { 0 };
	uint64_t sum_all = 0, sum_odd = 0;

	for (; len > 0; len -= CSUM_BLOCK, data += CSUM_BLOCK) {
		const words_anywhere *block = (const words_anywhere *)data;

		all += block[0] + block[1];
		odd += (block[0] >> 32) + (block[1] >> 32);
	}
	for (int i = 0; i < 4; i++) {
		sum_all += all[i];
		sum_odd += odd[i];
	}
	return sum_all - (sum_odd << 32) + sum_odd;
}

#if defined(__x86_64__)
__attribute__((target("avx2")))
static uint64_t
sum_blocks_avx2(const uint8_t *data, uint32_t len)
{
	return sum_blocks(data, len);
}
#endif

uint64_t
csum_blocks(const uint8_t *data, uint32_t len)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return sum_blocks_avx2(data, len);
#endif
	return sum_blocks(data, len);
}

uint32_t
csum_crc32c(uint32_t crc, const void *data, uint32_t len)
{
	/* remainders of the half-bytes by the polynomial 0x1EDC6F41, bits reversed */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *p = data;

	while (len-- > 0) {
		crc ^= *p++;
		crc = crc >> 4 ^ table[crc & 0xf];
		crc = crc >> 4 ^ table[crc & 0xf];
	}
	return crc;
}
