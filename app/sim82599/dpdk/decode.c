/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "decode.h"

/* Arithmetic flags: CF, PF, AF, ZF, SF as lahf gives them, and OF. */
#define FLAG_CF      0x001u
#define FLAGS_LAHF   0x0d5u
#define FLAG_OF      0x800u

enum {
	OP_LOAD, OP_LOAD_SIGNED, OP_STORE, OP_XCHG,
	OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR, OP_CMP, OP_TEST,
	OP_INC, OP_DEC, OP_NEG, OP_NOT
};

static const struct {
	ZydisMnemonic mnemonic;
	uint8_t op;
} ops[] = {
	{ ZYDIS_MNEMONIC_MOV, OP_LOAD },   { ZYDIS_MNEMONIC_MOVZX, OP_LOAD },
	{ ZYDIS_MNEMONIC_MOVSX, OP_LOAD_SIGNED }, { ZYDIS_MNEMONIC_MOVSXD, OP_LOAD_SIGNED },
	{ ZYDIS_MNEMONIC_MOVDIRI, OP_STORE }, { ZYDIS_MNEMONIC_MOVNTI, OP_STORE },
	{ ZYDIS_MNEMONIC_XCHG, OP_XCHG },
	{ ZYDIS_MNEMONIC_ADD, OP_ADD },    { ZYDIS_MNEMONIC_OR, OP_OR },
	{ ZYDIS_MNEMONIC_ADC, OP_ADC },    { ZYDIS_MNEMONIC_SBB, OP_SBB },
	{ ZYDIS_MNEMONIC_AND, OP_AND },    { ZYDIS_MNEMONIC_SUB, OP_SUB },
	{ ZYDIS_MNEMONIC_XOR, OP_XOR },    { ZYDIS_MNEMONIC_CMP, OP_CMP },
	{ ZYDIS_MNEMONIC_TEST, OP_TEST },  { ZYDIS_MNEMONIC_INC, OP_INC },
	{ ZYDIS_MNEMONIC_DEC, OP_DEC },    { ZYDIS_MNEMONIC_NEG, OP_NEG },
	{ ZYDIS_MNEMONIC_NOT, OP_NOT },
};

const int8_t insn_gregs[16] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15
};

/* The bytes that can be read from an address: an instruction may be the last of its page. */
bool
insn_disassemble(const void *address, ZydisDecodedInstruction *zi, ZydisDecodedOperand *zo)
{
	size_t to_page_end = 4096 - ((uintptr_t)address & 4095);
	ZydisDecoder decoder;
	ZyanStatus status;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	status = ZydisDecoderDecodeFull(&decoder, address,
			to_page_end < INSN_MAX_LEN ? to_page_end : INSN_MAX_LEN, zi, zo);
	if (status == ZYDIS_STATUS_NO_MORE_DATA)
		status = ZydisDecoderDecodeFull(&decoder, address, INSN_MAX_LEN, zi, zo);
	return ZYAN_SUCCESS(status);
}

bool
insn_decode(const void *address, struct insn *insn)
{
	ZydisDecodedOperand zo[ZYDIS_MAX_OPERAND_COUNT];
	const ZydisDecodedOperand *mem, *other = NULL;
	ZydisDecodedInstruction zi;
	ZydisRegister reg;
	unsigned int i;

	if (!insn_disassemble(address, &zi, zo))
		return false;
	for (i = 0; i < ZYAN_ARRAY_LENGTH(ops) && ops[i].mnemonic != zi.mnemonic; i++)
		;
	if (i == ZYAN_ARRAY_LENGTH(ops) || zi.operand_count_visible < 1)
		return false;

	memset(insn, 0, sizeof(*insn));
	insn->op = ops[i].op;
	insn->length = zi.length;
	memcpy(insn->bytes, address, zi.length);

	mem = &zo[0];
	if (zi.operand_count_visible == 2) {
		insn->to_reg = zo[1].type == ZYDIS_OPERAND_TYPE_MEMORY;
		mem = &zo[insn->to_reg];
		other = &zo[!insn->to_reg];
	}
	if (mem->type != ZYDIS_OPERAND_TYPE_MEMORY)
		return false;
	insn->size = mem->size / 8;
	insn->reads = mem->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
	insn->writes = mem->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	if (insn->op == OP_LOAD && !insn->to_reg)
		insn->op = OP_STORE;

	insn->reg = -1;
	if (other == NULL)
		return true;
	if (other->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		insn->imm = other->imm.value.u;
		return true;
	}
	if (other->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return false;
	reg = other->reg.value;
	/* No compiler makes device accesses with AH..BH. */
	if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
		return false;
	insn->reg_size = other->size / 8;
	reg = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
	if (ZydisRegisterGetClass(reg) != ZYDIS_REGCLASS_GPR64)
		return false;
	insn->reg = insn_gregs[ZydisRegisterGetId(reg)];
	return true;
}

bool
insn_lookup(const void *address, struct insn *insn)
{
	static struct {
		const void *address;
		struct insn insn;
	} cache[256];
	static atomic_flag lock = ATOMIC_FLAG_INIT;
	unsigned int slot = ((uintptr_t)address ^ (uintptr_t)address >> 8) & 255;
	bool ok;

	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
		__builtin_ia32_pause();
	/* The code may have been replaced meanwhile (dlclose, then another dlopen). */
	ok = cache[slot].address == address &&
	     memcmp(cache[slot].insn.bytes, address, cache[slot].insn.length) == 0;
	if (!ok) {
		ok = insn_decode(address, &cache[slot].insn);
		cache[slot].address = ok ? address : NULL;
	}
	*insn = cache[slot].insn;
	atomic_flag_clear_explicit(&lock, memory_order_release);
	return ok;
}

static uint64_t
reg_read(const greg_t *regs, int reg, unsigned int size)
{
	return size == 8 ? (uint64_t)regs[reg] :
	       (uint64_t)regs[reg] & ((1ull << 8 * size) - 1);
}

/* 32-bit results clear the upper half of a register, smaller ones leave the rest. */
static void
reg_write(greg_t *regs, int reg, unsigned int size, uint64_t value)
{
	uint64_t keep = size >= 4 ? 0 : ~0ull << 8 * size;

	if (size == 4)
		value = (uint32_t)value;
	regs[reg] = ((uint64_t)regs[reg] & keep) | (value & ~keep);
}

/* Execute the real instruction, so that result and flags are the processor's.
 * bt brings the carry in, for those that use it or leave it alone. */
#define EXECUTE(text, type) do { \
		type a_ = (type)a, b_ = (type)b; \
		__asm__("bt $0, %k[carry]\n\t" text "\n\tlahf\n\tseto %%al" \
			: [a] "+&r"(a_), "=&a"(ax) \
			: [b] "r"(b_), [carry] "r"(carry) : "cc"); \
		a = a_; \
	} while (0)
#define EXECUTE_SIZES(one, operands_b, operands_w, operands_l, operands_q) \
	switch (size) { \
	case 1: EXECUTE(one "b " operands_b, uint8_t); break; \
	case 2: EXECUTE(one "w " operands_w, uint16_t); break; \
	case 4: EXECUTE(one "l " operands_l, uint32_t); break; \
	default: EXECUTE(one "q " operands_q, uint64_t); break; \
	} \
	break
#define BINARY(one) EXECUTE_SIZES(one, "%b[b], %b[a]", "%w[b], %w[a]", \
				  "%k[b], %k[a]", "%q[b], %q[a]")
#define UNARY(one) EXECUTE_SIZES(one, "%b[a]", "%w[a]", "%k[a]", "%q[a]")

static uint64_t
alu(unsigned int op, unsigned int size, uint64_t a, uint64_t b, greg_t *eflags)
{
	uint32_t carry = *eflags & FLAG_CF, mask = FLAGS_LAHF | FLAG_OF, flags;
	uint64_t ax = 0;

	switch (op) {
	case OP_ADD: BINARY("add");
	case OP_OR: BINARY("or");
	case OP_ADC: BINARY("adc");
	case OP_SBB: BINARY("sbb");
	case OP_AND: BINARY("and");
	case OP_SUB: BINARY("sub");
	case OP_XOR: BINARY("xor");
	case OP_CMP: BINARY("cmp");
	case OP_TEST: BINARY("test");
	case OP_INC: UNARY("inc");
	case OP_DEC: UNARY("dec");
	case OP_NEG: UNARY("neg");
	case OP_NOT: mask = 0; UNARY("not");
	}
	flags = (ax >> 8 & FLAGS_LAHF) | (ax & 1 ? FLAG_OF : 0);
	*eflags = ((uint64_t)*eflags & ~(uint64_t)mask) | (flags & mask);
	return a;
}

uint64_t
insn_execute(const struct insn *insn, uint64_t mem, greg_t *regs)
{
	unsigned int shift = 64 - 8 * insn->size;
	uint64_t other, result;

	mem = mem << shift >> shift;
	other = insn->reg < 0 ? insn->imm : reg_read(regs, insn->reg, insn->reg_size);
	switch (insn->op) {
	case OP_LOAD:
		reg_write(regs, insn->reg, insn->reg_size, mem);
		return 0;
	case OP_LOAD_SIGNED:
		mem = (uint64_t)((int64_t)(mem << shift) >> shift);
		reg_write(regs, insn->reg, insn->reg_size, mem);
		return 0;
	case OP_STORE:
		return other;
	case OP_XCHG:
		reg_write(regs, insn->reg, insn->reg_size, mem);
		return other;
	}
	if (!insn->to_reg)
		return alu(insn->op, insn->size, mem, other, &regs[REG_EFL]);
	result = alu(insn->op, insn->size, other, mem, &regs[REG_EFL]);
	if (insn->op != OP_CMP && insn->op != OP_TEST)
		reg_write(regs, insn->reg, insn->reg_size, result);
	return 0;
}

void
insn_print(const void *address, char *buf, size_t size)
{
	ZydisDecodedOperand zo[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zi;
	ZydisFormatter formatter;
	const uint8_t *bytes = address;
	char text[96] = "?";
	int n;

	if (!insn_disassemble(address, &zi, zo)) {
		snprintf(buf, size, "? (%02x ...)", bytes[0]);
		return;
	}
	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterFormatInstruction(&formatter, &zi, zo, zi.operand_count_visible,
			text, sizeof(text), (uintptr_t)address, NULL);
	n = snprintf(buf, size, "%s (", text);
	for (unsigned int i = 0; i < zi.length && n > 0 && (size_t)n < size; i++)
		n += snprintf(buf + n, size - n, "%s%02x", i > 0 ? " " : "", bytes[i]);
	if (n > 0 && (size_t)n < size)
		snprintf(buf + n, size - n, ")");
}
