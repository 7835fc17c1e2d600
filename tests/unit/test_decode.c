/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Every form of instruction that the trap handler emulates or steps is executed twice:
 * on plain memory, and on trapped memory with a fake device behind. Register,
 * flags and memory must come out the same. */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>
#include <cpuid.h>

#include "bar.h"
#include "decode.h"

#define FLAGS 0x8d5 /* OF, SF, ZF, AF, PF, CF */
#define AT    0x100 /* the register that instructions access */
#define TAIL  0x1018

/* The fake device; volatile, for the compiler sees no call in a trapped access */

static volatile uint32_t device[NIC_BAR_SIZE / 4];
static volatile unsigned int reads, writes, bad_accesses, bad_size;
static volatile bool direct;
static volatile bool signals_open; /* seen in the handler: a signal not blocked */

static void
look_at_signals(void)
{
	sigset_t set;

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	if (!sigismember(&set, SIGINT) || !sigismember(&set, SIGALRM))
		signals_open = true;
	errno = EDOM; /* the handler must not let that out */
}

uint32_t
nic_read(struct nic *nic, uint32_t offset)
{
	(void)nic;
	look_at_signals();
	reads++;
	return device[offset / 4];
}

void
nic_write(struct nic *nic, uint32_t offset, uint32_t value)
{
	(void)nic;
	look_at_signals();
	writes++;
	device[offset / 4] = value;
}

void
nic_bad_access(struct nic *nic, uint32_t offset, unsigned int size)
{
	(void)nic;
	(void)offset;
	bad_accesses++;
	bad_size = size;
}

bool
nic_is_doorbell(uint32_t offset)
{
	return offset == TAIL;
}

void
nic_set_direct(struct nic *nic, bool on)
{
	(void)nic;
	direct = on;
}

static struct bar bar;

/* In the test's body: cmocka sets its own SIGSEGV handler between a fixture and a test. */
static void
attach(bool adaptive)
{
	memset((void *)(uintptr_t)device, 0, sizeof(device));
	reads = writes = bad_accesses = 0;
	direct = signals_open = false;
	assert_int_equal(bar_map(&bar, "test", NULL), 0);
	assert_int_equal(bar_attach(&bar, (struct nic *)(uintptr_t)device, adaptive), 0);
}

static void
detach(void)
{
	bar_detach(&bar);
	bar_unmap(&bar);
}

static volatile void *
trapped(uint32_t offset)
{
	return (volatile char *)bar.driver + offset;
}

/* The instructions: memory operand at %rdi, register operand in %rax. */

struct cpu {
	uint64_t rax, flags;
};

typedef void run_fn(volatile void *mem, struct cpu *cpu);

#define RUN(name, text) \
	static void \
	name(volatile void *mem, struct cpu *cpu) \
	{ \
		__asm__ volatile("lea -128(%%rsp), %%rsp\n\t" \
			"push %[flags]\n\tpopfq\n\t" text "\n\tpushfq\n\tpop %[flags]\n\t" \
			"lea 128(%%rsp), %%rsp" \
			: "+a"(cpu->rax), [flags] "+&r"(cpu->flags) \
			: "D"(mem), "c"(0ul) : "memory", "cc", "rsi", "r9", "r13"); \
	}

#define ALU(name) \
	RUN(name##_mr, #name "l %%eax, (%%rdi)") \
	RUN(name##_rm, #name "l (%%rdi), %%eax") \
	RUN(name##_mi8, #name "l $-3, (%%rdi)") \
	RUN(name##_mi32, #name "l $0x12345678, (%%rdi)")
#define ALU_ENTRIES(name) \
	{ #name " m,r", name##_mr }, { #name " r,m", name##_rm }, \
	{ #name " m,imm8", name##_mi8 }, { #name " m,imm32", name##_mi32 }

ALU(add)
ALU(or)
ALU(adc)
ALU(sbb)
ALU(and)
ALU(sub)
ALU(xor)
ALU(cmp)
RUN(test_mr, "testl %%eax, (%%rdi)")
RUN(test_mi, "testl $0x82000001, (%%rdi)")
RUN(inc, "incl (%%rdi)")
RUN(dec, "decl (%%rdi)")
RUN(neg, "negl (%%rdi)")
RUN(not, "notl (%%rdi)")
RUN(lock_or, "lock orl %%eax, (%%rdi)")
RUN(load, "movl (%%rdi), %%eax")
RUN(store, "movl %%eax, (%%rdi)")
RUN(store_imm, "movl $0x89abcdef, (%%rdi)")
RUN(load_indexed, "movl -0x80(%%rdi,%%rcx,4), %%eax")
RUN(load_r9, "movl (%%rdi), %%r9d; movq %%r9, %%rax")
RUN(store_r13, "movq %%rax, %%r13; movl %%r13d, (%%rdi)")
RUN(or_r13, "movq %%rax, %%r13; orl (%%rdi), %%r13d; movq %%r13, %%rax")
RUN(store_nt, "movnti %%eax, (%%rdi)")
RUN(load_signed, "movslq (%%rdi), %%rax")
RUN(exchange, "xchgl %%eax, (%%rdi)")
RUN(store_direct, "movdiri %%eax, (%%rdi)")

static const struct {
	const char *name;
	run_fn *run;
} forms[] = {
	ALU_ENTRIES(add), ALU_ENTRIES(or), ALU_ENTRIES(adc), ALU_ENTRIES(sbb), ALU_ENTRIES(and),
	ALU_ENTRIES(sub), ALU_ENTRIES(xor), ALU_ENTRIES(cmp),
	{ "test m,r", test_mr }, { "test m,imm", test_mi },
	{ "inc", inc }, { "dec", dec }, { "neg", neg }, { "not", not }, { "lock or", lock_or },
	{ "load", load }, { "store", store }, { "store imm", store_imm },
	{ "load indexed", load_indexed }, { "load r9", load_r9 }, { "store r13", store_r13 },
	{ "or r13", or_r13 }, { "movnti", store_nt }, { "movsxd", load_signed },
	{ "xchg", exchange },
};

static run_fn movss_indexed;

static void
compare(const char *name, run_fn *run, uint32_t mem, uint64_t rax, uint64_t flags)
{
	uint32_t plain[0x100 / 4] = { 0 }, *at = &plain[0x80 / 4];
	struct cpu expected = { rax, flags }, cpu = expected;
	/* load_indexed looks 0x80 before the pointer that it is given */
	bool indexed = run == load_indexed || run == movss_indexed;

	*at = mem;
	run((char *)at + (indexed ? 0x80 : 0), &expected);
	device[AT / 4] = mem;
	errno = 0;
	run(trapped(AT + (indexed ? 0x80 : 0)), &cpu);

	if (errno != 0)
		fail_msg("%s: errno became %d", name, errno);
	if (cpu.rax != expected.rax || (cpu.flags & FLAGS) != (expected.flags & FLAGS) ||
	    device[AT / 4] != *at)
		fail_msg("%s mem %08x rax %016lx flags %lx: rax %016lx, not %016lx; flags %lx, "
			 "not %lx; mem %08x, not %08x",
			 name, mem, rax, flags, cpu.rax, expected.rax, cpu.flags & FLAGS,
			 expected.flags & FLAGS, device[AT / 4], *at);
}

static const uint32_t values[] = {
	0, 1, 2, 3, 0xf, 0x10, 0x7f, 0x80, 0xff, 0x12345678, 0x7fffffff, 0x80000000,
	0x80000001, 0xfffffff0, 0xffffffff
};
#define NB_VALUES (sizeof(values) / sizeof(values[0]))

static void
compare_all(const char *name, run_fn *run)
{
	for (unsigned int i = 0; i < NB_VALUES; i++)
		for (unsigned int j = 0; j < NB_VALUES; j++)
			for (unsigned int f = 0; f < 4; f++)
				compare(name, run, values[i], 0xdeadbeef00000000ul | values[j],
					0x202 | (f & 1 ? 0x001 : 0) | (f & 2 ? 0x8d4 : 0));
}

static void
test_forms(void **state)
{
	(void)state;
	attach(false);
	for (unsigned int i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		unsigned int accesses = reads + writes;

		compare_all(forms[i].name, forms[i].run);
		assert_true(reads + writes > accesses);
	}
	assert_int_equal(bad_accesses, 0);
	assert_false(signals_open);
	detach();
}

/* Each access reaches the device once, and only the way the instruction makes it. */
static void
test_accesses(void **state)
{
	struct cpu cpu = { 5, 0x202 };

	(void)state;
	attach(false);
	load(trapped(AT), &cpu);
	assert_int_equal(reads, 1);
	assert_int_equal(writes, 0);
	store(trapped(AT), &cpu);
	assert_int_equal(reads, 1);
	assert_int_equal(writes, 1);
	or_mr(trapped(AT), &cpu);
	assert_int_equal(reads, 2);
	assert_int_equal(writes, 2);
	cmp_mi8(trapped(AT), &cpu);
	assert_int_equal(reads, 3);
	assert_int_equal(writes, 2);
	exchange(trapped(AT), &cpu);
	assert_int_equal(reads, 4);
	assert_int_equal(writes, 3);
	assert_int_equal(atomic_load(&bar.traps), 5);
	detach();
}

static void
test_movdiri(void **state)
{
	static const uint8_t code[] = { 0x0f, 0x38, 0xf9, 0x07 }; /* movdiri %eax, (%rdi) */
	unsigned int a, b, c = 0, d;
	greg_t regs[NGREG] = { [REG_RAX] = 0x1122334455667788, [REG_EFL] = 0x202 };
	struct insn insn;

	(void)state;
	assert_true(insn_decode(code, &insn));
	assert_int_equal(insn.size, 4);
	assert_true(insn.writes && !insn.reads);
	assert_int_equal(insn.length, 4);
	assert_int_equal((uint32_t)insn_execute(&insn, 0, regs), 0x55667788);
	assert_int_equal(regs[REG_EFL], 0x202);

	__get_cpuid_count(7, 0, &a, &b, &c, &d);
	if (c & 1u << 27) {
		attach(false);
		compare_all("movdiri", store_direct);
		detach();
	}
}

/* mov to and from an absolute 64-bit address: no compiler's inline assembly places
 * an address that is known only now, so these are put together here. */
static void
test_absolute(void **state)
{
	uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t address;
	uint64_t rax;

	(void)state;
	attach(false);
	address = (uintptr_t)trapped(AT);
	assert_ptr_not_equal(code, MAP_FAILED);
	/* At the end of a page with nothing behind: the decoder must not read on. */
	code[4095 - 9] = 0xa1;
	memcpy(&code[4095 - 8], &address, 8);
	code[4095] = 0xc3;
	device[AT / 4] = 0x600df00d;
	__asm__ volatile("lea -128(%%rsp), %%rsp; call *%1; lea 128(%%rsp), %%rsp"
			 : "=a"(rax) : "r"(&code[4095 - 9]) : "memory");
	assert_int_equal(rax, 0x600df00d);

	/* Other code at the same address: what was remembered must not be used. */
	code[4095 - 9] = 0xa3;
	rax = 0xcafe;
	__asm__ volatile("lea -128(%%rsp), %%rsp; call *%1; lea 128(%%rsp), %%rsp"
			 : "+a"(rax) : "r"(&code[4095 - 9]) : "memory");
	assert_int_equal(device[AT / 4], 0xcafe);
	munmap(code, 4096);
	detach();
}

RUN(load8, "movb (%%rdi), %%al")
RUN(load8_zero, "movzbl (%%rdi), %%eax")
RUN(load8_signed, "movsbl (%%rdi), %%eax")
RUN(load16_zero, "movzwl (%%rdi), %%eax")
RUN(load16_signed, "movswq (%%rdi), %%rax")
RUN(load64, "movq (%%rdi), %%rax")
RUN(store8, "movb %%al, (%%rdi)")
RUN(store16, "movw %%ax, (%%rdi)")
RUN(store64, "movq %%rax, (%%rdi)")
RUN(or8, "orb %%al, (%%rdi)")
RUN(test8, "testb $0x40, (%%rdi)")

/* The device has 32-bit registers: a part is read out of the whole, more is all-ones,
 * and no odd write arrives. */
static void
test_odd_sizes(void **state)
{
	static const struct {
		run_fn *run;
		unsigned int at, size, written;
		uint64_t rax;
	} odd[] = {
		{ load8, 0, 1, 0, 0x11111111111111d4 },
		{ load8_zero, 1, 1, 0, 0xc3 },
		{ load8_signed, 2, 1, 0, 0xffffffb2 },
		{ load16_zero, 2, 2, 0, 0xa1b2 },
		{ load16_signed, 0, 2, 0, 0xffffffffffffc3d4 },
		{ load16_zero, 3, 2, 0, 0xffff },
		{ load64, 4, 8, 0, ~0ul },
		{ load, 2, 4, 0, 0xffffffff },
		{ store8, 0, 1, 1, 0x1111111111111111 },
		{ store16, 0, 2, 1, 0x1111111111111111 },
		{ store64, 4, 8, 1, 0x1111111111111111 },
		{ store, 1, 4, 1, 0x1111111111111111 },
		{ or8, 0, 1, 2, 0x1111111111111111 },
		{ test8, 0, 1, 0, 0x1111111111111111 },
	};

	(void)state;
	attach(false);
	device[AT / 4] = 0xa1b2c3d4;
	for (unsigned int i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct cpu cpu = { 0x1111111111111111, 0x202 };

		bad_accesses = 0;
		odd[i].run(trapped(AT + odd[i].at), &cpu);
		if (cpu.rax != odd[i].rax)
			fail_msg("odd access %u: rax %lx, not %lx", i, cpu.rax, odd[i].rax);
		assert_int_equal(bad_accesses, odd[i].written == 2 ? 2 : 1);
		assert_int_equal(bad_size, odd[i].size);
		assert_int_equal(device[AT / 4], 0xa1b2c3d4);
	}
	assert_int_equal(writes, 0);
	/* but aligned 64 bits are two registers, as in a virtual machine */
	for (unsigned int i = 0; i < 2; i++) {
		struct cpu cpu = { 0x1122334455667788, 0x202 };

		bad_accesses = 0;
		device[AT / 4 + 1] = 0xe5f60718;
		(i == 0 ? load64 : store64)(trapped(AT), &cpu);
		assert_int_equal(cpu.rax, i == 0 ? 0xe5f60718a1b2c3d4 : 0x1122334455667788);
		assert_int_equal(device[AT / 4], i == 0 ? 0xa1b2c3d4 : 0x55667788);
		assert_int_equal(device[AT / 4 + 1], i == 0 ? 0xe5f60718 : 0x11223344);
		assert_int_equal(writes, 2 * i);
		assert_int_equal(bad_accesses, 0);
	}
	detach();
}

/* Instructions that the decoder does not know are executed by the processor, on a copy. */

RUN(movd_store, "movd %%eax, %%xmm0; movd %%xmm0, (%%rdi)")
RUN(movd_load, "movd (%%rdi), %%xmm0; movq %%xmm0, %%rax")
RUN(movd_mmx, "movd %%eax, %%mm0; movd %%mm0, (%%rdi); emms")
RUN(movss_store, "movd %%eax, %%xmm9; movss %%xmm9, (%%rdi)")
RUN(movss_load, "pcmpeqd %%xmm9, %%xmm9; movss (%%rdi), %%xmm9; movq %%xmm9, %%rax")
RUN(movss_indexed, "movss -0x80(%%rdi,%%rcx,4), %%xmm0; movd %%xmm0, %%eax")
RUN(addss_load, "movd %%eax, %%xmm0; addss (%%rdi), %%xmm0; movd %%xmm0, %%eax")
RUN(extract, "movq %%rax, %%xmm0; pextrd $1, %%xmm0, (%%rdi)")
RUN(insert, "movq %%rax, %%xmm0; pinsrd $1, (%%rdi), %%xmm0; movq %%xmm0, %%rax")
RUN(vmovd_store, "vmovd %%eax, %%xmm0; vmovd %%xmm0, (%%rdi)")
RUN(vmovd_load, "vmovd (%%rdi), %%xmm0; vmovq %%xmm0, %%rax")
RUN(vmovss_load, "vmovss (%%rdi), %%xmm12; vmovq %%xmm12, %%rax")
RUN(vmovd_evex, "vmovd %%eax, %%xmm17; vmovd %%xmm17, 0x40(%%rdi)")
RUN(movbe_store, "movbe %%eax, (%%rdi)")
RUN(movbe_load, "movbe (%%rdi), %%eax")
RUN(exchange_add, "lock xaddl %%eax, (%%rdi)")
RUN(compare_exchange, "movl %%eax, %%ecx; addl $3, %%ecx; lock cmpxchgl %%ecx, (%%rdi); "
    "xorl %%ecx, %%ecx")
RUN(bit_set, "btsl $5, (%%rdi)")
RUN(shift_left, "shll $3, (%%rdi)")
RUN(rotate, "rcrl $1, (%%rdi)")
RUN(set_condition, "cmovbl (%%rdi), %%eax")
RUN(multiply, "imull $100, (%%rdi), %%eax")
RUN(string_store, "pushq %%rdi; stosl; subq (%%rsp), %%rdi; addq %%rdi, %%rax; popq %%rdi")
RUN(string_load, "movq %%rdi, %%rsi; lodsl; subq %%rdi, %%rsi; addq %%rsi, %%rax")
RUN(string_compare, "pushq %%rdi; leaq -8(%%rsp), %%rsi; scasl; popq %%rdi")
RUN(string_move, "pushq %%rax; pushq %%rdi; leaq 8(%%rsp), %%rsi; movsl; popq %%rdi; popq %%rcx; "
    "xorl %%ecx, %%ecx")
RUN(string_move_out, "pushq %%rax; pushq %%rdi; movq %%rdi, %%rsi; leaq 8(%%rsp), %%rdi; movsl; "
    "popq %%rdi; popq %%rax; xorl %%ecx, %%ecx")

static const struct {
	const char *name;
	run_fn *run;
	unsigned int leaf, bit; /* of ecx or, leaf 7, ebx of cpuid */
} steps[] = {
	{ "movd m,xmm", movd_store, 0, 0 }, { "movd xmm,m", movd_load, 0, 0 },
	{ "movd m,mm", movd_mmx, 0, 0 },
	{ "movss m,xmm", movss_store, 0, 0 }, { "movss xmm,m", movss_load, 0, 0 },
	{ "load indexed, movss", movss_indexed, 0, 0 }, { "addss", addss_load, 0, 0 },
	{ "pextrd", extract, 1, 19 }, { "pinsrd", insert, 1, 19 },
	{ "vmovd m,xmm", vmovd_store, 1, 28 }, { "vmovd xmm,m", vmovd_load, 1, 28 },
	{ "vmovss", vmovss_load, 1, 28 },
	{ "movbe m,r", movbe_store, 1, 22 }, { "movbe r,m", movbe_load, 1, 22 },
	{ "lock xadd", exchange_add, 0, 0 }, { "lock cmpxchg", compare_exchange, 0, 0 },
	{ "bts", bit_set, 0, 0 }, { "shl", shift_left, 0, 0 }, { "rcr", rotate, 0, 0 },
	{ "cmovb", set_condition, 0, 0 }, { "imul", multiply, 0, 0 },
	{ "stos", string_store, 0, 0 }, { "lods", string_load, 0, 0 },
	{ "scas", string_compare, 0, 0 }, { "movs to", string_move, 0, 0 },
	{ "movs from", string_move_out, 0, 0 },
};

static bool
has_feature(unsigned int leaf, unsigned int bit)
{
	unsigned int a, b = 0, c = 0, d;

	if (leaf == 0)
		return true;
	__get_cpuid_count(leaf, 0, &a, &b, &c, &d);
	return (leaf == 7 ? b : c) >> bit & 1;
}

static void
test_steps(void **state)
{
	(void)state;
	attach(false);
	for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		unsigned int accesses = reads + writes;

		if (!has_feature(steps[i].leaf, steps[i].bit))
			continue;
		compare_all(steps[i].name, steps[i].run);
		if (reads + writes == accesses)
			fail_msg("%s: did not access the device", steps[i].name);
	}
	assert_int_equal(bad_accesses, 0);
	assert_false(signals_open);
	if (has_feature(7, 31)) { /* AVX512VL */
		struct cpu cpu = { 0x76543210, 0x202 };

		vmovd_evex(trapped(AT - 0x40), &cpu);
		assert_int_equal(device[AT / 4], 0x76543210);
	}
	detach();
}

/* Each register once for each time round a string instruction, and all that the instruction has
 * beside its memory operand as it should be. */
static void
test_step_strings(void **state)
{
	uint32_t buffer[16], from[16];
	volatile void *to = trapped(AT);
	const void *source = from;
	uint64_t n;

	(void)state;
	attach(false);
	to = trapped(AT);
	for (unsigned int i = 0; i < 16; i++)
		from[i] = 0x01010101 * (i + 1);
	n = 16;
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(source), "+c"(n) : : "memory");
	assert_ptr_equal(to, trapped(AT + 64));
	assert_ptr_equal(source, from + 16);
	assert_int_equal(n, 0);
	assert_int_equal(writes, 16);
	assert_int_equal(reads, 0);
	assert_memory_equal((const void *)(uintptr_t)&device[AT / 4], from, sizeof(from));

	source = (const void *)(uintptr_t)trapped(AT);
	to = buffer;
	n = 16;
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(source), "+c"(n) : : "memory");
	assert_ptr_equal(source, (const void *)(uintptr_t)trapped(AT + 64));
	assert_int_equal(reads, 16);
	assert_memory_equal(buffer, from, sizeof(from));

	/* from register to register */
	source = (const void *)(uintptr_t)trapped(AT);
	to = trapped(AT + 0x100);
	n = 4;
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(source), "+c"(n) : : "memory");
	assert_memory_equal((const void *)(uintptr_t)&device[AT / 4 + 0x40], from, 16);

	/* the 8 bytes of push and pop are two registers */
	__asm__ volatile("lea -128(%%rsp), %%rsp; push (%1); pop %0; lea 128(%%rsp), %%rsp"
			 : "=r"(n) : "r"(trapped(AT)) : "memory");
	assert_int_equal(n, 0x0202020201010101);
	__asm__ volatile("lea -128(%%rsp), %%rsp; push %0; pop (%1); lea 128(%%rsp), %%rsp"
			 : : "r"(n), "r"(trapped(AT + 8)) : "memory");
	assert_int_equal(device[AT / 4 + 3], 0x02020202);
	assert_int_equal(bad_accesses, 0);
	detach();
}

/* More than a register has: all-ones, and nothing is written. */
static void
test_step_odd_sizes(void **state)
{
	uint64_t low, high;

	(void)state;
	attach(false);
	device[AT / 4] = 0xa1b2c3d4;
	__asm__ volatile("movups (%2), %%xmm0; movq %%xmm0, %0; psrldq $8, %%xmm0; movq %%xmm0, %1"
			 : "=r"(low), "=r"(high) : "r"(trapped(AT)) : "xmm0", "memory");
	assert_true(low == ~0ull && high == ~0ull);
	__asm__ volatile("movaps %%xmm0, (%0)" : : "r"(trapped(AT)) : "memory");
	assert_int_equal(bad_accesses, 2);
	assert_int_equal(bad_size, 16);
	__asm__ volatile("pextrw $0, %%xmm0, %k0" : "=r"(low));
	assert_int_equal(writes, 0);
	assert_int_equal(device[AT / 4], 0xa1b2c3d4);
	if (has_feature(7, 5)) { /* AVX2: a gather sees what the page holds */
		((volatile uint32_t *)bar.device)[AT / 4 + 2] = 0x12345678;
		__asm__ volatile("vpxor %%ymm1, %%ymm1, %%ymm1; vpcmpeqd %%ymm2, %%ymm2, %%ymm2; "
				 "vpgatherdd %%ymm2, 8(%1,%%ymm1,1), %%ymm0; vmovq %%xmm0, %0; "
				 "vzeroupper"
				 : "=r"(low) : "r"(trapped(AT)) : "xmm0", "xmm1", "xmm2", "memory");
		assert_int_equal(low, 0x1234567812345678);
		assert_int_equal(bad_accesses, 3);
	}
	if (has_feature(7, 16)) { /* AVX512F: a scatter is not done */
		__asm__ volatile("vpxord %%zmm1, %%zmm1, %%zmm1; kxnorw %%k1, %%k1, %%k1; "
				 "vpscatterdd %%zmm1, (%0,%%zmm1,1)%{%%k1%}; vzeroupper"
				 : : "r"(trapped(AT)) : "xmm1", "memory");
		assert_int_equal(device[AT / 4], 0xa1b2c3d4);
		assert_int_equal(bad_accesses, 4);
	}
	/* the page is closed again */
	reads = 0;
	(void)*(volatile uint32_t *)trapped(AT);
	assert_int_equal(reads, 1);
	detach();
}

/* Steps of several threads at once; the signals that come meanwhile wait. */

static volatile unsigned int alarms;

static void
on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void *
step_often(void *arg)
{
	volatile uint32_t *reg = arg;

	for (unsigned int i = 0; i < 20000; i++) {
		uint32_t value;

		__asm__ volatile("movd %1, %%xmm0; movd %%xmm0, (%2); movss (%2), %%xmm1; "
				 "movd %%xmm1, %0"
				 : "=r"(value) : "r"(i), "r"(reg) : "xmm0", "xmm1", "memory");
		if (value != i)
			return arg;
	}
	return NULL;
}

static void
test_step_threads(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm }, old;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	pthread_t thread[4];
	void *failed;

	(void)state;
	attach(false);
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, step_often,
						(void *)(uintptr_t)trapped(AT + 4 * i)), 0);
	for (unsigned int i = 0; i < 4; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	assert_true(alarms > 0);
	assert_int_equal(atomic_load(&bar.traps), 4 * 20000 * 2);
	assert_false(signals_open);
	detach();
}

/* Doorbells become direct after a run of them, and trap again after anything else. */
static void
test_doorbells(void **state)
{
	struct cpu cpu = { 1, 0x202 };
	volatile uint32_t *tail;

	(void)state;
	attach(true);
	tail = trapped(TAIL);
	for (unsigned int i = 1; i < BAR_DOORBELL_RUN; i++)
		*tail = i;
	load(trapped(AT), &cpu); /* the run starts again */
	for (unsigned int i = 1; i < BAR_DOORBELL_RUN; i++)
		*tail = i;
	assert_false(direct);
	*tail = 77;
	assert_true(direct);
	assert_int_equal(device[TAIL / 4], 77);
	writes = 0;
	*tail = 78;
	assert_int_equal(writes, 0);
	assert_int_equal(((volatile uint32_t *)bar.device)[TAIL / 4], 78);
	((volatile uint32_t *)bar.device)[TAIL / 4] = 79;
	assert_int_equal(*tail, 79);

	load(trapped(AT), &cpu);
	assert_false(direct);
	*tail = 80;
	assert_int_equal(writes, 1);
	assert_int_equal(atomic_load(&bar.flips), 2);

	/* A read in a doorbell page is no doorbell. */
	for (unsigned int i = 0; i < 2 * BAR_DOORBELL_RUN; i++) {
		*tail = i;
		load(tail, &cpu);
	}
	assert_false(direct);

	for (unsigned int i = 0; i < BAR_DOORBELL_RUN; i++)
		*tail = i;
	assert_true(direct);
	bar_trap_all(&bar);
	assert_false(direct);
	writes = 0;
	*tail = 81;
	assert_int_equal(writes, 1);
	detach();
}

static void
test_doorbells_trap(void **state)
{
	volatile uint32_t *tail;

	(void)state;
	attach(false);
	tail = trapped(TAIL);
	for (unsigned int i = 0; i < 4 * BAR_DOORBELL_RUN; i++)
		*tail = i;
	assert_false(direct);
	assert_int_equal(writes, 4 * BAR_DOORBELL_RUN);
	detach();
}

/* What is not for the device goes to the handler that was there before. */

static sigjmp_buf back;
static void *volatile fault_address;

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	fault_address = info->si_code > 0 ? info->si_addr : NULL;
	siglongjmp(back, 1);
}

static void
test_previous_handler(void **state)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO }, old, now;
	char *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cpu cpu = { 0, 0x202 };
	int saved = dup(STDERR_FILENO), pipes[2];
	char text[256] = "";

	(void)state;
	assert_int_equal(sigaction(SIGSEGV, &action, &old), 0);
	attach(false);

	if (sigsetjmp(back, 1) == 0) {
		load(nowhere, &cpu);
		fail_msg("no fault");
	}
	assert_ptr_equal(fault_address, nowhere);

	if (sigsetjmp(back, 1) == 0) {
		raise(SIGSEGV);
		fail_msg("no signal");
	}
	assert_null(fault_address);

	/* An instruction that jumps where a register says is named, once. */
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("jmp *(%0)" : : "r"(trapped(AT)));
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_ptr_equal(fault_address, trapped(AT));
	assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
	close(pipes[0]);
	close(pipes[1]);
	assert_non_null(strstr(text, "test: cannot emulate instruction jmp "));
	assert_non_null(strstr(text, "register 0x00100\n"));
	assert_int_equal(reads + writes, 0);

	/* With the last BAR go the handlers. */
	detach();
	sigaction(SIGTRAP, NULL, &now);
	assert_ptr_equal(now.sa_handler, SIG_DFL);
	sigaction(SIGSEGV, NULL, &now);
	assert_ptr_equal(now.sa_sigaction, on_fault);
	sigaction(SIGSEGV, &old, NULL);
	munmap(nowhere, 4096);
}

/* Of two devices, the one that is meant. */
static void
test_two_bars(void **state)
{
	struct bar other;

	(void)state;
	attach(false);
	assert_int_equal(bar_map(&other, "other", NULL), 0);
	assert_int_equal(bar_attach(&other, bar.nic, false), 0);
	*(volatile uint32_t *)other.driver = 1;
	assert_int_equal(atomic_load(&other.traps), 1);
	assert_int_equal(atomic_load(&bar.traps), 0);
	bar_detach(&other);
	bar_unmap(&other);
	*(volatile uint32_t *)trapped(AT) = 1;
	assert_int_equal(atomic_load(&bar.traps), 1);
	detach();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_accesses),
		cmocka_unit_test(test_movdiri),
		cmocka_unit_test(test_absolute),
		cmocka_unit_test(test_odd_sizes),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_step_strings),
		cmocka_unit_test(test_step_odd_sizes),
		cmocka_unit_test(test_step_threads),
		cmocka_unit_test(test_doorbells),
		cmocka_unit_test(test_doorbells_trap),
		cmocka_unit_test(test_previous_handler),
		cmocka_unit_test(test_two_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
