/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"
#include "step.h"

#define PAGE      4096u
#define STEPS     64           /* at a time; a thread has one at most */
#define CODE_ROOM (PAGE / STEPS)
#define FLAG_TF   0x100u

/* A page of code, the data of each step in a page behind it, so that code reaches it relative to
 * the instruction pointer; and the page of code once more, to be written. */
static uint8_t *area, *alias;
static struct step steps[STEPS];
static atomic_flag busy[STEPS];
static __thread struct step *current __attribute__((tls_model("initial-exec")));

int
step_init(void)
{
	int fd, error = 0;

	fd = memfd_create("sim82599-step", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	area = alias = MAP_FAILED;
	if (ftruncate(fd, PAGE) == 0) {
		area = mmap(NULL, (1 + STEPS) * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		alias = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	if (area == MAP_FAILED || alias == MAP_FAILED ||
	    mmap(area, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		error = errno;
	close(fd);
	if (error != 0) {
		step_fini();
		return -error;
	}
	for (unsigned int i = 0; i < STEPS; i++) {
		steps[i].code = area + i * CODE_ROOM;
		steps[i].code_alias = alias + i * CODE_ROOM;
		steps[i].data = area + (1 + i) * PAGE;
	}
	return 0;
}

void
step_fini(void)
{
	if (area != NULL && area != MAP_FAILED)
		munmap(area, (1 + STEPS) * PAGE);
	if (alias != NULL && alias != MAP_FAILED)
		munmap(alias, PAGE);
	area = alias = NULL;
}

static struct step *
step_get(void)
{
	struct step *step = NULL;

	for (unsigned int i = 0; step == NULL; i = (i + 1) % STEPS) {
		if (!atomic_flag_test_and_set_explicit(&busy[i], memory_order_acquire))
			step = &steps[i];
		else if (i == STEPS - 1)
			sched_yield();
	}
	step->nb_operands = 0;
	step->opened = 0;
	step->shifted[0] = step->shifted[1] = -1;
	return step;
}

void
step_free(struct step *step)
{
	current = NULL;
	atomic_flag_clear_explicit(&busy[step - steps], memory_order_release);
}

struct step *
step_current(void)
{
	return current;
}

/* Index into gregs, or -1 */
static int
greg_of(ZydisRegister reg)
{
	if (ZydisRegisterGetClass(reg) != ZYDIS_REGCLASS_GPR64)
		return -1;
	return insn_gregs[ZydisRegisterGetId(reg)];
}

/* @return false: the address cannot be known here */
static bool
operand_address(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *zo,
		const greg_t *regs, uintptr_t *address)
{
	ZydisRegisterContext values;
	ZyanU64 result;

	if (zo->mem.segment == ZYDIS_REGISTER_FS || zo->mem.segment == ZYDIS_REGISTER_GS)
		return false;
	memset(&values, 0, sizeof(values));
	for (unsigned int i = 0; i < 16; i++)
		values.values[ZYDIS_REGISTER_RAX + i] = regs[insn_gregs[i]];
	if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddressEx(zi, zo, regs[REG_RIP], &values, &result)))
		return false;
	*address = result;
	return true;
}

/* An operand encoded in ModRM: the same instruction, but relative to the instruction pointer. */
static bool
copy_relative(struct step *step, const ZydisDecodedInstruction *zi, const uint8_t *data)
{
	const uint8_t *from = (const uint8_t *)step->rip;
	unsigned int modrm = zi->raw.modrm.offset;
	unsigned int rest = modrm + 1 + (zi->raw.sib.offset != 0) + zi->raw.disp.size / 8;
	uint8_t *to = step->code_alias;
	int32_t displacement;

	step->copy_length = modrm + 1 + sizeof(displacement) + zi->length - rest;
	if (step->copy_length > INSN_MAX_LEN)
		return false;
	displacement = data - (step->code + step->copy_length);
	memcpy(to, from, modrm);
	to[modrm] = (from[modrm] & 0x38) | 0x05;
	memcpy(to + modrm + 1, &displacement, sizeof(displacement));
	memcpy(to + modrm + 1 + sizeof(displacement), from + rest, zi->length - rest);
	return true;
}

/* An operand at a register's address, as those of movs: the same instruction, the register shifted
 * to the data, and back at the end. */
static bool
copy_shifted(struct step *step, const ZydisDecodedOperand *zo, greg_t *regs, greg_t shift)
{
	int reg = greg_of(zo->mem.base), *shifted;

	if (reg < 0)
		return false;
	shifted = step->shifted[0] < 0 ? &step->shifted[0] : &step->shifted[1];
	*shifted = reg;
	step->shift[shifted - step->shifted] = shift;
	regs[reg] += shift;
	return true;
}

static bool
copy_operand(struct step *step, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *zo,
	     greg_t *regs, uintptr_t address)
{
	struct step_operand *operand = &step->operand[step->nb_operands];
	const unsigned int room = PAGE / 2;
	unsigned int at = step->nb_operands * room + address % 64; /* alignment stays */

	if (step->nb_operands == 2 || zo->size / 8u + address % 64 > room)
		return false;
	operand->address = address;
	operand->size = zo->size / 8;
	operand->reads = zo->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
	operand->writes = zo->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
	operand->data = step->data + at;
	memset(operand->data, 0, operand->size);
	step->nb_operands++;
	if (zo->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
		return zo->mem.type != ZYDIS_MEMOP_TYPE_MIB &&
		       zo->mem.type != ZYDIS_MEMOP_TYPE_VSIB &&
		       copy_relative(step, zi, operand->data);
	return copy_shifted(step, zo, regs, (uintptr_t)operand->data - address);
}

static void
unshift(struct step *step, greg_t *regs)
{
	for (unsigned int i = 0; i < 2; i++)
		if (step->shifted[i] >= 0)
			regs[step->shifted[i]] -= step->shift[i];
	step->shifted[0] = step->shifted[1] = -1;
}

/* @return false: there is no copy that does the same */
static bool
copy_make(struct step *step, const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *zo,
	  greg_t *regs, bool (*trapped)(uintptr_t address))
{
	bool ok = true;
	uintptr_t address;
	greg_t original[NGREG];

	memcpy(original, regs, sizeof(original));
	memcpy(step->code_alias, (const void *)step->rip, zi->length);
	step->copy_length = zi->length;
	for (unsigned int i = 0; ok && i < zi->operand_count; i++) {
		if (zo[i].type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    zo[i].mem.type == ZYDIS_MEMOP_TYPE_AGEN)
			continue;
		ok = operand_address(zi, &zo[i], original, &address);
		if (ok && trapped(address))
			ok = copy_operand(step, zi, &zo[i], regs, address);
	}
	ok = ok && step->nb_operands > 0;
	if (!ok)
		unshift(step, regs);
	return ok;
}

static bool
writes_memory(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *zo)
{
	for (unsigned int i = 0; i < zi->operand_count; i++)
		if (zo[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    (zo[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			return true;
	return false;
}

static bool
is_branch(const ZydisDecodedInstruction *zi)
{
	return zi->meta.category == ZYDIS_CATEGORY_CALL ||
	       zi->meta.category == ZYDIS_CATEGORY_RET ||
	       zi->meta.category == ZYDIS_CATEGORY_UNCOND_BR;
}

/* Until the step is over, no handler of a signal may run, but for those of faults and of the step.
 * The kernel has 64 bits there, glibc's type is larger. */
static void
signals_block(struct step *step, ucontext_t *context)
{
	static const int open[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	uint64_t set = ~0ull;

	for (unsigned int i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		set &= ~(1ull << (open[i] - 1));
	memcpy(&step->signals, &context->uc_sigmask, sizeof(step->signals));
	memcpy(&context->uc_sigmask, &set, sizeof(set));
}

struct step *
step_begin(ucontext_t *context, bool (*trapped)(uintptr_t address), enum step_way *way)
{
	greg_t *regs = context->uc_mcontext.gregs;
	ZydisDecodedOperand zo[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zi;
	bool known = insn_disassemble((const void *)regs[REG_RIP], &zi, zo);
	struct step *step;

	*way = STEP_REFUSED;
	if (known && is_branch(&zi))
		return NULL;
	step = step_get();
	step->rip = regs[REG_RIP];
	step->length = known ? zi.length : 0;
	if (known && copy_make(step, &zi, zo, regs, trapped)) {
		*way = STEP_COPY;
		regs[REG_RIP] = (uintptr_t)step->code;
	} else if (known && writes_memory(&zi, zo)) {
		*way = STEP_SKIP;
		regs[REG_RIP] += zi.length;
		step_free(step);
		return NULL;
	} else {
		*way = STEP_OPEN;
		step->nb_operands = 0;
	}
	step->state = *way;
	step->traced = regs[REG_EFL] & FLAG_TF;
	regs[REG_EFL] |= FLAG_TF;
	signals_block(step, context);
	current = step;
	return step;
}

struct step *
step_end(ucontext_t *context)
{
	greg_t *regs = context->uc_mcontext.gregs;
	struct step *step = current;
	uintptr_t done;

	if (step == NULL)
		return NULL;
	if (step->state == STEP_COPY) {
		unshift(step, regs);
		/* with rep, the instruction pointer stays until the last time */
		done = regs[REG_RIP] - (uintptr_t)step->code;
		regs[REG_RIP] = step->rip + (done == step->copy_length ? step->length : 0);
	}
	if (!step->traced)
		regs[REG_EFL] &= ~(greg_t)FLAG_TF;
	memcpy(&context->uc_sigmask, &step->signals, sizeof(step->signals));
	return step;
}
