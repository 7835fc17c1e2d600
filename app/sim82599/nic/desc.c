/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The registers of a ring, data sheet 8.2.3.8 and 8.2.3.9, which are alike for receive and
 * transmit. */

#include "desc.h"

bool
ring_allowed(struct nic *nic, const char *name, unsigned int q, uint64_t base, uint32_t length)
{
	if (base % 128 != 0 && nic_violation(nic, RULE_RING_ALIGN, "%sBA[%u] is 0x%llx", name, q,
					     (unsigned long long)base))
		return false;
	if ((length & ~NIC_RDLEN_LEN) == 0 && length != 0)
		return true;
	/* a ring without descriptors cannot run */
	return !nic_violation(nic, RULE_RING_LENGTH, "%sLEN[%u] is %u", name, q, length) &&
	       (length & NIC_RDLEN_LEN) != 0;
}

/* A register that describes the ring of a live queue was written. @return its new value */
uint32_t
ring_write(struct nic *nic, const struct reg *reg, unsigned int i, bool live, uint32_t mask,
	   uint32_t before, uint32_t value)
{
	if (live && ((before ^ value) & mask) != 0 &&
	    nic_violation(nic, RULE_RING_LIVE, "%s[%u] from 0x%08x to 0x%08x", reg->name, i,
			  before, value))
		return before;
	return value;
}

/* The device owns the head of a live queue. INTERPRETATION (CONTRADICTION): 8.2.3.8.4 allows writes
 * only while the queue is disabled, but Intel's own drivers write 0 directly after enabling it. */
uint32_t
head_write(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t head, uint32_t tail,
	   uint32_t value)
{
	if (value != 0 || head != 0 || tail != 0)
		nic_violation(nic, RULE_HEAD_LIVE, "%s[%u] is %u, written with %u", reg->name, i,
			      head, value);
	return head;
}

/* INTERPRETATION (MISSING): 4.6.7 and 4.6.8 do not say what a write to the tail of a disabled queue
 * does. The tail keeps the value, because Linux's self test expects it of a queue without a ring.
 * Enabling sets the tail to 0, so that a queue always starts with an empty ring. */
uint32_t
tail_write(struct nic *nic, const struct reg *reg, unsigned int i, bool enabled, uint32_t value)
{
	if (!enabled && value != 0 &&
	    nic_violation(nic, RULE_TAIL_EARLY, "%s[%u] written with %u", reg->name, i, value))
		return 0;
	return value;
}
