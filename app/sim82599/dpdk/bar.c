/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "bar.h"
#include "decode.h"
#include "step.h"

#define PAGE 4096u
/* of the file: the registers, and the mailbox behind them */
#define SHARED_SIZE (NIC_BAR_SIZE + ((sizeof(struct mailbox) + PAGE - 1) & ~(size_t)(PAGE - 1)))

static _Atomic(struct bar *) bars[BAR_MAX];
static pthread_mutex_t bars_mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned int nb_bars;
static struct sigaction previous_segv, previous_trap; /* while they are installed */
static bool segv_installed, trap_installed, step_installed;
void (*bar_before_crash)(int sig);

/* How the device is reached: by a call, or, in a secondary process, by the primary one. */

static uint32_t
device_read(struct bar *bar, uint32_t offset)
{
	if (bar->nic == NULL)
		return mailbox_ask(bar->mailbox, bar->slot, MAILBOX_READ, offset, 0);
	return nic_read(bar->nic, offset);
}

static void
device_write(struct bar *bar, uint32_t offset, uint32_t value)
{
	if (bar->nic == NULL)
		mailbox_ask(bar->mailbox, bar->slot, MAILBOX_WRITE, offset, value);
	else
		nic_write(bar->nic, offset, value);
}

static void
device_bad_access(struct bar *bar, uint32_t offset, unsigned int size)
{
	if (bar->nic == NULL)
		mailbox_ask(bar->mailbox, bar->slot, MAILBOX_BAD_ACCESS, offset, size);
	else
		nic_bad_access(bar->nic, offset, size);
}

/* For as long as some process stores directly. */
static void
device_set_direct(struct bar *bar, bool direct)
{
	if (bar->nic == NULL) {
		mailbox_ask(bar->mailbox, bar->slot, MAILBOX_DIRECT, 0, direct);
		return;
	}
	bar->direct_users += direct ? 1 : -1;
	nic_set_direct(bar->nic, bar->direct_users > 0);
}

/* Held for a few system calls only, by threads that no handler interrupts. */
static void
bar_lock(struct bar *bar)
{
	while (atomic_flag_test_and_set_explicit(&bar->lock, memory_order_acquire))
		sched_yield();
}

static void
bar_unlock(struct bar *bar)
{
	atomic_flag_clear_explicit(&bar->lock, memory_order_release);
}

static void
bar_set_direct(struct bar *bar, bool direct)
{
	static const uint32_t pages[] = NIC_DOORBELL_PAGES;
	int prot = direct ? PROT_READ | PROT_WRITE : PROT_NONE;

	bar_lock(bar);
	if (atomic_load(&bar->direct) != direct) {
		/* The device must be watching for as long as a store may go unseen. */
		if (direct)
			device_set_direct(bar, true);
		for (unsigned int i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
			mprotect((char *)(uintptr_t)bar->driver + pages[i], PAGE, prot);
		if (!direct)
			device_set_direct(bar, false);
		atomic_store(&bar->direct, direct);
		atomic_fetch_add(&bar->flips, 1);
	}
	atomic_store(&bar->run, 0);
	bar_unlock(bar);
}

void
bar_trap_all(struct bar *bar)
{
	bar_set_direct(bar, false);
}

static bool
is_proper(uint32_t offset, unsigned int size)
{
	return size == 4 && offset % 4 == 0;
}

/*
 * INTERPRETATION (CONTRADICTION): 8.1.2 allows only aligned 32-bit accesses,
 * but 3.1 (partial memory requests) answers a partial read as a full one, side
 * effects included, and leaves open whether a partial write is done. Here it is
 * not, and anything else reads as all-ones. Every such access is counted. Only
 * aligned 64 bits, which Linux's ixgbe writes, are two registers, the lower first.
 */
static void
bar_read(struct bar *bar, uint32_t offset, unsigned int size, void *data)
{
	uint32_t value;

	if (is_proper(offset, size)) {
		value = device_read(bar, offset);
		memcpy(data, &value, 4);
	} else if (size == 8 && offset % 8 == 0) {
		bar_read(bar, offset, 4, data);
		bar_read(bar, offset + 4, 4, (char *)data + 4);
	} else {
		memset(data, 0xff, size);
		device_bad_access(bar, offset, size);
		if ((offset & 3) + size > 4)
			return;
		value = device_read(bar, offset & ~3u);
		memcpy(data, (char *)&value + (offset & 3), size);
	}
}

static void
bar_write(struct bar *bar, uint32_t offset, unsigned int size, const void *data)
{
	uint32_t value;

	if (is_proper(offset, size)) {
		memcpy(&value, data, 4);
		device_write(bar, offset, value);
	} else if (size == 8 && offset % 8 == 0) {
		bar_write(bar, offset, 4, data);
		bar_write(bar, offset + 4, 4, (const char *)data + 4);
	} else {
		device_bad_access(bar, offset, size);
	}
}

/* Before every access that is not a doorbell. */
static void
bar_begin(struct bar *bar)
{
	if (atomic_load(&bar->direct))
		bar_set_direct(bar, false);
	atomic_store(&bar->run, 0);
	if (bar->before != NULL)
		bar->before(bar);
}

/* The BAR that an address is in, or NULL */
static struct bar *
bar_find(uintptr_t address, uint32_t *offset)
{
	for (unsigned int i = 0; i < BAR_MAX; i++) {
		struct bar *bar = atomic_load(&bars[i]);

		if (bar == NULL || address - (uintptr_t)bar->driver >= NIC_BAR_SIZE)
			continue;
		*offset = address - (uintptr_t)bar->driver;
		return bar;
	}
	return NULL;
}

static bool
is_trapped(uintptr_t address)
{
	uint32_t offset;

	return bar_find(address, &offset) != NULL;
}

/* The page stays open for the step. */
static void
bar_open(uintptr_t address, struct step *step)
{
	step->opened = address & ~(uintptr_t)(PAGE - 1);
	mprotect((void *)step->opened, PAGE, PROT_READ | PROT_WRITE);
}

static void
bar_close(struct step *step)
{
	if (step->opened != 0)
		mprotect((void *)step->opened, PAGE, PROT_NONE);
	step->opened = 0;
}

/* An instruction that the decoder does not know: the processor executes it, see step.h. */
static bool
bar_step(struct bar *bar, uint32_t offset, ucontext_t *context)
{
	const void *ip = (const void *)context->uc_mcontext.gregs[REG_RIP];
	enum step_way way;
	struct step *step = step_begin(context, is_trapped, &way);
	char text[192];

	if (way == STEP_REFUSED) {
		insn_print(ip, text, sizeof(text));
		fprintf(stderr, "%s: cannot emulate instruction %s at %p, which accesses register "
			"0x%05x\n", bar->name, text, ip, offset);
		return false;
	}
	atomic_fetch_add_explicit(&bar->traps, 1, memory_order_relaxed);
	bar_begin(bar);
	if (way != STEP_COPY)
		device_bad_access(bar, offset, 0);
	if (way == STEP_OPEN)
		bar_open((uintptr_t)bar->driver + offset, step);
	for (unsigned int i = 0; step != NULL && i < step->nb_operands; i++) {
		const struct step_operand *operand = &step->operand[i];

		bar = bar_find(operand->address, &offset);
		if (operand->reads && bar != NULL)
			bar_read(bar, offset, operand->size, operand->data);
	}
	return true;
}

static void
step_finish(struct step *step)
{
	for (unsigned int i = 0; i < step->nb_operands; i++) {
		const struct step_operand *operand = &step->operand[i];
		uint32_t offset;
		struct bar *bar = bar_find(operand->address, &offset);

		if (operand->writes && bar != NULL)
			bar_write(bar, offset, operand->size, operand->data);
	}
	bar_close(step);
	step_free(step);
}

static bool
bar_access(struct bar *bar, uint32_t offset, ucontext_t *context)
{
	greg_t *regs = context->uc_mcontext.gregs;
	const void *ip = (const void *)regs[REG_RIP];
	struct insn insn;
	uint64_t value = 0;
	bool doorbell;

	/* Code in the BAR: fetching it is the fault. */
	if ((uintptr_t)ip - (uintptr_t)bar->driver < NIC_BAR_SIZE)
		return false;
	if (!insn_lookup(ip, &insn))
		return bar_step(bar, offset, context);
	doorbell = is_proper(offset, insn.size) && !insn.reads && nic_is_doorbell(offset);

	atomic_fetch_add_explicit(&bar->traps, 1, memory_order_relaxed);
	if (!doorbell)
		bar_begin(bar);
	if (insn.reads)
		bar_read(bar, offset, insn.size, &value);
	value = insn_execute(&insn, value, regs);
	if (insn.writes)
		bar_write(bar, offset, insn.size, &value);
	regs[REG_RIP] += insn.length;

	if (doorbell && bar->adaptive &&
	    atomic_fetch_add(&bar->run, 1) + 1 == BAR_DOORBELL_RUN)
		bar_set_direct(bar, true);
	return true;
}

/* What is not for the device goes where it would go without it. */
static void
pass_on(int sig, const struct sigaction *previous, siginfo_t *info, void *context)
{
	if (previous->sa_flags & SA_SIGINFO) {
		previous->sa_sigaction(sig, info, context);
	} else if (previous->sa_handler != SIG_DFL && previous->sa_handler != SIG_IGN) {
		previous->sa_handler(sig);
	} else {
		/* Fault again, or be killed again, the way it is without us. */
		if (bar_before_crash != NULL)
			bar_before_crash(sig);
		sigaction(sig, previous, NULL);
		if (info->si_code <= 0 || sig == SIGTRAP)
			raise(sig);
	}
}

static void
on_segv(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	struct step *step = step_current();
	bool done = false;
	struct bar *bar;
	uint32_t offset;

	/* Positive: a real fault, not somebody's kill(). */
	bar = info->si_code > 0 ? bar_find((uintptr_t)info->si_addr, &offset) : NULL;
	if (step != NULL) {
		/* of its other operand, or of the next page */
		step_end(context);
		bar_close(step);
		step_free(step);
	}
	if (bar != NULL)
		done = bar_access(bar, offset, context);
	errno = saved_errno;
	if (!done)
		pass_on(sig, &previous_segv, info, context);
}

static void
on_trap(int sig, siginfo_t *info, void *context)
{
	int saved_errno = errno;
	struct step *step = info->si_code > 0 ? step_end(context) : NULL;

	if (step != NULL)
		step_finish(step);
	errno = saved_errno;
	if (step == NULL)
		pass_on(sig, &previous_trap, info, context);
}

static int
handler_set(int sig, void (*handler)(int, siginfo_t *, void *), struct sigaction *previous)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	/* A signal handler may access registers, too (testpmd's SIGINT does):
	 * let none run while this one holds the device's lock. */
	sigfillset(&action.sa_mask);
	return sigaction(sig, &action, previous) < 0 ? -errno : 0;
}

/* Unless somebody has put another on top, who may call this one. @return is it off? */
static bool
handler_unset(int sig, void (*handler)(int, siginfo_t *, void *), const struct sigaction *previous)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
	       now.sa_sigaction == handler && sigaction(sig, previous, NULL) == 0;
}

/* The first BAR brings the handlers; they stay while there is one. */
static int
handlers_install(void)
{
	int ret = step_installed ? 0 : step_init();

	step_installed = step_installed || ret == 0;
	if (ret == 0 && !trap_installed)
		ret = handler_set(SIGTRAP, on_trap, &previous_trap);
	trap_installed = trap_installed || ret == 0;
	if (ret == 0 && !segv_installed)
		ret = handler_set(SIGSEGV, on_segv, &previous_segv);
	segv_installed = segv_installed || ret == 0;
	return ret;
}

static void
handlers_remove(void)
{
	segv_installed = !handler_unset(SIGSEGV, on_segv, &previous_segv);
	trap_installed = !handler_unset(SIGTRAP, on_trap, &previous_trap);
	if (!segv_installed && !trap_installed) {
		step_fini();
		step_installed = false;
	}
}

/* Both mappings of a file. @return 0 or a negative errno */
static int
map_both(struct bar *bar, int fd, void *at, int flags)
{
	void *driver, *device;

	driver = mmap(at, NIC_BAR_SIZE, PROT_NONE, MAP_SHARED | flags, fd, 0);
	if (driver == MAP_FAILED)
		return -errno;
	device = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (device == MAP_FAILED) {
		int error = errno;

		munmap(driver, NIC_BAR_SIZE);
		return -error;
	}
	bar->driver = driver;
	bar->device = device;
	bar->mailbox = (struct mailbox *)((char *)device + NIC_BAR_SIZE);
	bar->fd = fd;
	return 0;
}

int
bar_map(struct bar *bar, const char *name, void *near)
{
	int fd, ret;

	memset(bar, 0, sizeof(*bar));
	bar->fd = -1;
	bar->name = name;
	fd = memfd_create("sim82599-bar0", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = ftruncate(fd, SHARED_SIZE) < 0 ? -errno : map_both(bar, fd, near, 0);
	if (ret < 0)
		close(fd);
	else
		bar->mailbox->primary = getpid();
	return ret;
}

int
bar_map_shared(struct bar *bar, const char *name, int fd, unsigned int slot, void *at)
{
	memset(bar, 0, sizeof(*bar));
	bar->fd = -1;
	bar->name = name;
	bar->slot = slot;
	return map_both(bar, fd, at, MAP_FIXED_NOREPLACE);
}

void
bar_unmap(struct bar *bar)
{
	if (bar->driver == NULL)
		return;
	munmap((void *)(uintptr_t)bar->driver, NIC_BAR_SIZE);
	munmap((void *)(uintptr_t)bar->device, SHARED_SIZE);
	close(bar->fd);
	bar->driver = bar->device = NULL;
}

int
bar_attach(struct bar *bar, struct nic *nic, bool adaptive)
{
	int ret = -ENOSPC;

	bar->nic = nic; /* NULL in a secondary process */
	bar->adaptive = adaptive;
	pthread_mutex_lock(&bars_mutex);
	for (unsigned int i = 0; i < BAR_MAX; i++) {
		if (atomic_load(&bars[i]) != NULL)
			continue;
		ret = nb_bars == 0 ? handlers_install() : 0;
		if (ret == 0) {
			atomic_store(&bars[i], bar);
			nb_bars++;
		}
		break;
	}
	pthread_mutex_unlock(&bars_mutex);
	return ret;
}

void
bar_detach(struct bar *bar)
{
	pthread_mutex_lock(&bars_mutex);
	for (unsigned int i = 0; i < BAR_MAX; i++) {
		if (atomic_load(&bars[i]) != bar)
			continue;
		atomic_store(&bars[i], NULL);
		if (--nb_bars == 0)
			handlers_remove();
		break;
	}
	pthread_mutex_unlock(&bars_mutex);
}

static void
slot_set_direct(struct bar *bar, struct mailbox_slot *slot, bool direct)
{
	bar_lock(bar);
	if (slot->direct != direct)
		device_set_direct(bar, direct);
	slot->direct = direct;
	bar_unlock(bar);
}

static void
slot_answer(void *arg, struct mailbox_slot *slot)
{
	struct mailbox_request *request = &slot->request;
	struct bar *bar = arg;

	switch (request->kind) {
	case MAILBOX_READ:
		request->value = nic_read(bar->nic, request->offset);
		break;
	case MAILBOX_WRITE:
		nic_write(bar->nic, request->offset, request->value);
		break;
	case MAILBOX_BAD_ACCESS:
		nic_bad_access(bar->nic, request->offset, request->value);
		break;
	case MAILBOX_DIRECT:
		slot_set_direct(bar, slot, request->value);
		break;
	case MAILBOX_LEAVE:
		slot_set_direct(bar, slot, false);
		break;
	}
}

static void
slot_left(void *bar, struct mailbox_slot *slot)
{
	slot_set_direct(bar, slot, false);
}

void
bar_serve(struct bar *bar)
{
	mailbox_serve(bar->mailbox, slot_answer, bar);
}

void
bar_reap(struct bar *bar)
{
	mailbox_reap(bar->mailbox, slot_left, bar);
}
