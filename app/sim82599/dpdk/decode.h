/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * One x86-64 instruction that accesses a register of the device: what it does
 * with memory, and the doing of it with the memory operand's value given from
 * outside.  All functions may be called from a signal handler.
 */

#ifndef DECODE_H
#define DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include <Zydis/Zydis.h>

#define INSN_MAX_LEN 15

struct insn {
	uint8_t bytes[INSN_MAX_LEN];
	uint8_t length;
	uint8_t size;        /* of the memory operand, bytes */
	bool reads, writes;  /* memory */
	uint8_t op;          /* decode.c */
	bool to_reg;         /* destination is the register, source is memory */
	uint8_t reg_size;    /* bytes */
	int8_t reg;          /* index into gregs; -1: the other operand is imm */
	uint64_t imm;
};

/**
 * Decode the instruction at an address.
 * @return false if it is none that insn_execute() can do.
 */
bool insn_decode(const void *address, struct insn *insn);

/** The same, remembering: a driver accesses registers at few places. */
bool insn_lookup(const void *address, struct insn *insn);

/**
 * Execute on the general registers and flags, but for the instruction pointer.
 * @param mem  value of the memory operand, if the instruction reads it
 * @return     the memory operand's new value, if the instruction writes it
 */
uint64_t insn_execute(const struct insn *insn, uint64_t mem, greg_t *regs);

/** What the disassembler says of it; zo: ZYDIS_MAX_OPERAND_COUNT. @return false: it is unknown */
bool insn_disassemble(const void *address, ZydisDecodedInstruction *zi, ZydisDecodedOperand *zo);

/** Indexes into gregs, in the order of instruction encodings, which is that of Zydis's ids. */
extern const int8_t insn_gregs[16];

/** The instruction as text, for messages. */
void insn_print(const void *address, char *buf, size_t size);

#endif /* DECODE_H */
