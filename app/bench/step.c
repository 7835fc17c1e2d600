/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Instructions are counted by the processor's trap flag: after each instruction the kernel raises
 * SIGTRAP, whose handler looks at the instruction that comes next.  An access to a trapped register
 * (doorbells=trap) is emulated by the software NIC's handler of SIGSEGV.  No trap follows it, so
 * the instruction behind it is found by the gap that it leaves. */

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "../sim82599/dpdk/decode.h"
#include "bench.h"

#define KNOWN 4096       /* instructions whose kinds are kept */

struct kind {
	uintptr_t address;
	uint8_t length, loads, stores;
	bool branch, repeats;
};

static struct kind known[KNOWN];
static struct kind last;      /* the instruction that the last trap announced */
static struct steps counted, empty;

static bool
is_branch(const ZydisDecodedInstruction *zi)
{
	return zi->meta.category == ZYDIS_CATEGORY_COND_BR ||
	       zi->meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
	       zi->meta.category == ZYDIS_CATEGORY_CALL ||
	       zi->meta.category == ZYDIS_CATEGORY_RET;
}

/* Operands that are only an address (LEA, prefetches, NOP) are no accesses. */
static void
count_operand(struct kind *kind, const ZydisDecodedOperand *operand)
{
	if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
	    operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
		return;
	if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
		kind->loads++;
	if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
		kind->stores++;
}

static bool
is_prefetch(const ZydisDecodedInstruction *zi)
{
	return zi->meta.category == ZYDIS_CATEGORY_PREFETCH ||
	       zi->meta.category == ZYDIS_CATEGORY_NOP ||
	       zi->meta.category == ZYDIS_CATEGORY_WIDENOP;
}

static const struct kind *
kind_of(uintptr_t address)
{
	struct kind *kind = &known[address % KNOWN];
	ZydisDecodedOperand zo[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zi;

	if (kind->address == address)
		return kind;
	*kind = (struct kind){ .address = address };
	if (!insn_disassemble((const void *)address, &zi, zo))
		return kind;
	kind->length = zi.length;
	kind->branch = is_branch(&zi);
	kind->repeats = (zi.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
					  ZYDIS_ATTRIB_HAS_REPNE)) != 0;
	for (unsigned int i = 0; i < zi.operand_count && !is_prefetch(&zi); i++)
		count_operand(kind, &zo[i]);
	return kind;
}

static void
add(const struct kind *kind)
{
	/* a repeated instruction traps each time, and is one */
	if (kind->repeats && kind->address == last.address)
		return;
	counted.instructions++;
	counted.branches += kind->branch;
	counted.loads += kind->loads;
	counted.stores += kind->stores;
	last = *kind;
}

static void
on_trap(int sig __rte_unused, siginfo_t *info __rte_unused, void *context)
{
	uintptr_t next = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	uintptr_t behind = last.address + last.length;

	/* no jump, and yet elsewhere: the last one was emulated, and the one behind it executed */
	if (last.address != 0 && !last.branch && !last.repeats && next != behind)
		add(kind_of(behind));
	add(kind_of(next));
}

/* The stack below its pointer may be in use. */
#define SET_TRAP_FLAG \
	"lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp"
#define CLEAR_TRAP_FLAG \
	"lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t" \
	"lea 128(%%rsp), %%rsp"

__attribute__((noinline)) static uint16_t
step(burst_function *function, void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t ret;

	counted = (struct steps){ 0 };
	last.address = 0;
	__asm__ volatile(SET_TRAP_FLAG ::: "memory", "cc");
	ret = function(queue, pkts, n);
	__asm__ volatile(CLEAR_TRAP_FLAG ::: "memory", "cc");
	return ret;
}

__attribute__((noinline)) static uint16_t
do_nothing(void *queue __rte_unused, struct rte_mbuf **pkts __rte_unused,
	   uint16_t n __rte_unused)
{
	__asm__ volatile("");
	return n;
}

uint16_t
step_call(burst_function *function, void *queue, struct rte_mbuf **pkts, uint16_t n,
	  struct steps *steps)
{
	uint16_t ret = step(function, queue, pkts, n);

	steps->instructions += counted.instructions - empty.instructions;
	steps->branches += counted.branches - empty.branches;
	steps->loads += counted.loads - empty.loads;
	steps->stores += counted.stores - empty.stores;
	return ret;
}

/* What is around a call: a function that does nothing has two instructions, one of them a RET. */
static int
calibrate(void)
{
	step(do_nothing, NULL, NULL, 1);
	if (counted.instructions < 3)
		return -ENOTSUP;
	empty = counted;
	empty.instructions -= 2;
	empty.branches--;
	empty.loads--;
	return 0;
}

int
step_init(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };

	sigfillset(&action.sa_mask);
	if (sigaction(SIGTRAP, &action, NULL) < 0)
		return -errno;
	return calibrate();
}
