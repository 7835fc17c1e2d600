/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The Internet checksum (RFC 1071) and SCTP's CRC32c (RFC 9260, appendix A).
 *
 * A sum adds 16-bit words in the byte order of memory, so a folded sum is stored with memcpy()
 * and without a swap. Sums of pieces may be added if each piece but the last has an even length.
 */

#ifndef CSUM_H
#define CSUM_H

#include <stdint.h>
#include <string.h>

#define CSUM_BLOCK 64u

/* The sum of blocks, below 2^49: len is a multiple of CSUM_BLOCK. */
uint64_t csum_blocks(const uint8_t *data, uint32_t len);

/* The ones' complement sum of len bytes: below 2^33, not folded. */
static inline uint64_t
csum_sum(const void *data, uint32_t len)
{
	const uint8_t *p = data;
	uint64_t sum = 0, carry = 0, word;
	uint32_t blocks, half;
	uint16_t quarter;

	if (len >= 2 * CSUM_BLOCK) {
		blocks = len & ~(CSUM_BLOCK - 1);
		sum = csum_blocks(p, blocks);
		p += blocks;
		len -= blocks;
	}
	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
		carry += sum < word;
	}
	/* the rest in pieces of constant length: the compiler makes no call of their memcpy() */
	word = 0;
	if (len & 4) {
		memcpy(&half, p, 4);
		word = half;
		p += 4;
	}
	if (len & 2) {
		memcpy(&quarter, p, 2);
		word += quarter;
		p += 2;
	}
	if (len & 1)
		word += *p;
	sum += word;
	carry += sum < word;
	return (sum & 0xffffffff) + (sum >> 32) + carry;
}

/* The word as big-endian number value, to be added to a sum. */
static inline uint64_t
csum_word(uint16_t value)
{
	return __builtin_bswap16(value);
}

/* Fold a sum to 16 bits; the checksum is the complement of the result. If the data includes its
 * checksum, and that is right, the result is 0xffff. */
static inline uint16_t
csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The pseudo-header (RFC 9293 3.1, RFC 8200 8.1) of an L4 packet of len bytes: ip is an IPv4 or
 * IPv6 header, whose two addresses follow each other. */
static inline uint64_t
csum_pseudo_ipv4(const uint8_t *ip, uint8_t proto, uint32_t len)
{
	return csum_sum(ip + 12, 8) + csum_word(proto) + csum_word((uint16_t)len);
}

static inline uint64_t
csum_pseudo_ipv6(const uint8_t *ip, uint8_t proto, uint32_t len)
{
	return csum_sum(ip + 8, 32) + csum_word(proto) + csum_word((uint16_t)len) +
	       csum_word((uint16_t)(len >> 16));
}

/* Continue crc over len bytes. It starts as 0xffffffff; the complement of the last crc is the
 * checksum, stored little-endian. */
uint32_t csum_crc32c(uint32_t crc, const void *data, uint32_t len);

#endif /* CSUM_H */
