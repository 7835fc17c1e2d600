/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * An instruction that accesses trapped memory and that decode.h does not know, executed by the
 * processor itself: a copy of it that accesses a buffer instead, by a single step (TF).  The memory
 * stays trapped for all other threads meanwhile.
 *
 * Where such a copy cannot be made, the page is opened for the step (gathers, instructions that the
 * disassembler does not know), which other threads may notice, or the instruction is skipped (the
 * same that write).  All functions may be called from a signal handler.
 */

#ifndef STEP_H
#define STEP_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

enum step_way {
	STEP_COPY,     /* operands have their data */
	STEP_OPEN,     /* the page has to be accessible until the end */
	STEP_SKIP,     /* it is over */
	STEP_REFUSED,  /* it jumps where trapped memory says */
};

struct step_operand {
	uintptr_t address;    /* in trapped memory */
	unsigned int size;    /* bytes */
	bool reads, writes;
	uint8_t *data;        /* accessed in its place */
};

struct step {
	unsigned int nb_operands;
	struct step_operand operand[2];
	uintptr_t opened;     /* STEP_OPEN: for the caller, 0 at the beginning */
	int state;            /* step.c, as all below */
	const uint8_t *code;
	uint8_t *code_alias;
	uint8_t *data;
	unsigned int copy_length, length;
	greg_t rip, shift[2];
	int shifted[2];
	uint64_t signals;
	bool traced;
};

/** Called before all others. @return 0 or a negative errno */
int step_init(void);
void step_fini(void);

/**
 * Arrange that the instruction at the context's instruction pointer is executed when the signal
 * handler returns.  The caller fills in the data that operands read.
 * @param trapped  is this an address in trapped memory?
 * @return what to do at step_end(), or NULL with *way STEP_SKIP or STEP_REFUSED
 */
struct step *step_begin(ucontext_t *context, bool (*trapped)(uintptr_t address),
			enum step_way *way);

/** The step that this thread has begun, or NULL. */
struct step *step_current(void);

/**
 * In the handler of SIGTRAP, or of a fault of the step: the context is again that of the original
 * instruction, which was executed or not.
 * @return NULL: this is not the end of a step.  Else the caller does what the operands' data says,
 * and then calls step_free().
 */
struct step *step_end(ucontext_t *context);
void step_free(struct step *step);

#endif /* STEP_H */
