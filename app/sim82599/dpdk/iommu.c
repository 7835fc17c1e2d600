/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_memory.h>

#include "iommu.h"

#define CALLBACK_NAME "sim82599-iommu"

struct range {
	uint64_t iova, len;
	uintptr_t va;
};

/*
 * Never changed once it is the current one; a change makes a new table. Old ones
 * are kept until the last device is gone, for a look-up may still be in them:
 * memory comes and goes seldom.
 */
struct iommu_table {
	struct iommu_table *older;
	size_t nb;
	struct range range[]; /* sorted by iova */
};

_Atomic unsigned int iommu_epoch;
static const struct iommu_table *_Atomic current;
static struct iommu_table *newest;
static unsigned int users;
static pthread_mutex_t users_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of newest; taken last */

/* A copy of the newest table with room for some ranges more. */
static struct iommu_table *
table_copy(size_t more)
{
	size_t nb = newest != NULL ? newest->nb : 0;
	struct iommu_table *table;

	table = malloc(sizeof(*table) + (nb + more) * sizeof(table->range[0]));
	if (table == NULL)
		return NULL;
	table->nb = nb;
	if (nb > 0)
		memcpy(table->range, newest->range, nb * sizeof(table->range[0]));
	return table;
}

static int
range_compare(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	return ra->iova < rb->iova ? -1 : ra->iova > rb->iova;
}

/* Sort, join neighbours, make current. */
static void
table_publish(struct iommu_table *table)
{
	size_t nb = 0;

	qsort(table->range, table->nb, sizeof(table->range[0]), range_compare);
	for (size_t i = 0; i < table->nb; i++) {
		struct range *last = nb > 0 ? &table->range[nb - 1] : NULL;
		const struct range *r = &table->range[i];

		if (last != NULL && last->iova + last->len == r->iova &&
		    last->va + last->len == r->va)
			last->len += r->len;
		else
			table->range[nb++] = *r;
	}
	table->nb = nb;
	table->older = newest;
	newest = table;
	atomic_store(&current, table);
	atomic_fetch_add(&iommu_epoch, 1);
}

/* Append to a table that has room; contiguous memory makes one range. */
static void
table_append(struct iommu_table *table, uintptr_t va, uint64_t iova, uint64_t len)
{
	struct range *last = table->nb > 0 ? &table->range[table->nb - 1] : NULL;

	if (last != NULL && last->iova + last->len == iova && last->va + last->len == va)
		last->len += len;
	else
		table->range[table->nb++] = (struct range){ iova, len, va };
}

/* Take [va, va + len) out of a table that has room for one range more per range. */
static void
table_cut(struct iommu_table *table, uintptr_t va, uint64_t len)
{
	size_t nb = table->nb;

	for (size_t i = 0; i < nb; i++) {
		struct range r = table->range[i];
		uint64_t start = RTE_MAX(va, r.va), end = RTE_MIN(va + len, r.va + r.len);

		if (start >= end)
			continue;
		table->range[i].len = start - r.va; /* may be empty: dropped below */
		if (end < r.va + r.len)
			table->range[table->nb++] = (struct range){
				r.iova + (end - r.va), r.va + r.len - end, end };
	}
	nb = 0;
	for (size_t i = 0; i < table->nb; i++)
		if (table->range[i].len > 0)
			table->range[nb++] = table->range[i];
	table->nb = nb;
}

/* A cut may split each range: room for twice as many. */
static struct iommu_table *
table_to_change(size_t more)
{
	return table_copy((newest != NULL ? newest->nb : 0) + more);
}

int
iommu_map(uintptr_t va, uint64_t iova, uint64_t len)
{
	struct iommu_table *table;

	pthread_mutex_lock(&mutex);
	table = table_to_change(1);
	if (table != NULL) {
		table_cut(table, va, len); /* mapped again: the new address holds */
		table_append(table, va, iova, len);
		table_publish(table);
	}
	pthread_mutex_unlock(&mutex);
	return table != NULL ? 0 : -ENOMEM;
}

int
iommu_unmap(uintptr_t va, uint64_t len)
{
	struct iommu_table *table;

	pthread_mutex_lock(&mutex);
	table = table_to_change(0);
	if (table != NULL) {
		table_cut(table, va, len);
		table_publish(table);
	}
	pthread_mutex_unlock(&mutex);
	return table != NULL ? 0 : -ENOMEM;
}

static void
on_memory_added(uintptr_t va, size_t len)
{
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list((void *)va);
	struct iommu_table *table;

	if (msl == NULL)
		return;
	pthread_mutex_lock(&mutex);
	table = table_to_change(len / msl->page_sz);
	if (table != NULL) {
		table_cut(table, va, len);
		/* Memory of external heaps may have IO addresses of its own, page by page. */
		for (size_t done = 0; done < len; done += msl->page_sz) {
			const struct rte_memseg *ms = rte_mem_virt2memseg((void *)(va + done), msl);

			if (ms != NULL && ms->iova != RTE_BAD_IOVA)
				table_append(table, va + done, ms->iova, msl->page_sz);
		}
		table_publish(table);
	}
	pthread_mutex_unlock(&mutex);
}

static void
on_memory_event(enum rte_mem_event event, const void *addr, size_t len, void *arg __rte_unused)
{
	if (event == RTE_MEM_EVENT_ALLOC)
		on_memory_added((uintptr_t)addr, len);
	else
		iommu_unmap((uintptr_t)addr, len);
}

/* As VFIO: memory that only was made known to DPDK is for the application to map. */
static bool
is_heap(const struct rte_memseg_list *msl)
{
	return !msl->external || msl->heap;
}

static int
count_segment(const struct rte_memseg_list *msl, const struct rte_memseg *ms __rte_unused,
	      void *arg)
{
	*(size_t *)arg += is_heap(msl);
	return 0;
}

static int
add_segment(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	if (is_heap(msl) && ms->iova != RTE_BAD_IOVA)
		table_append(arg, ms->addr_64, ms->iova, ms->len);
	return 0;
}

/* With the memory map locked, so that the table and the events to come make a whole. */
static int
iommu_start(void)
{
	struct iommu_table *table;
	size_t nb = 0;

	/* Legacy memory, which --no-huge is, never changes and has no events. */
	if (rte_mem_event_callback_register(CALLBACK_NAME, on_memory_event, NULL) < 0 &&
	    rte_errno != ENOTSUP)
		return -rte_errno;
	rte_memseg_walk_thread_unsafe(count_segment, &nb);
	pthread_mutex_lock(&mutex);
	table = table_to_change(nb);
	if (table != NULL) {
		rte_memseg_walk_thread_unsafe(add_segment, table);
		table_publish(table);
	}
	pthread_mutex_unlock(&mutex);
	if (table != NULL)
		return 0;
	rte_mem_event_callback_unregister(CALLBACK_NAME, NULL);
	return -ENOMEM;
}

int
iommu_get(void)
{
	int ret = 0;

	pthread_mutex_lock(&users_mutex);
	if (users == 0) {
		rte_mcfg_mem_read_lock();
		ret = iommu_start();
		rte_mcfg_mem_read_unlock();
	}
	users += ret == 0;
	pthread_mutex_unlock(&users_mutex);
	return ret;
}

void
iommu_put(void)
{
	pthread_mutex_lock(&users_mutex);
	if (--users == 0) {
		/* Waits for an event that is being handled: not under the other mutex. */
		rte_mem_event_callback_unregister(CALLBACK_NAME, NULL);
		atomic_store(&current, NULL);
		atomic_fetch_add(&iommu_epoch, 1);
		while (newest != NULL) {
			struct iommu_table *table = newest;

			newest = table->older;
			free(table);
		}
	}
	pthread_mutex_unlock(&users_mutex);
}

bool
iommu_window(void *host __rte_unused, uint64_t iova, uint32_t len, bool write __rte_unused,
	     struct nic_window *window)
{
	const struct iommu_table *table = atomic_load(&current);
	size_t low = 0, high = table != NULL ? table->nb : 0;
	const struct range *r;

	/* The last range that starts at or below iova is range low - 1. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->range[middle].iova <= iova)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	r = &table->range[low - 1];
	if (iova - r->iova >= r->len || len > r->len - (iova - r->iova))
		return false;
	window->addr = r->iova;
	window->len = r->len;
	window->mem = (uint8_t *)r->va;
	return true;
}
