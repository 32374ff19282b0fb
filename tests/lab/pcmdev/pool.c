// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffers of a pcmdev device: ids, dma-bufs, mappings, and who holds what. */
#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

#include "pool.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif

/* Lives while it is shown or one of its dma-bufs is open. */
struct pcmdev_buffer {
	struct kref ref; /* counted under pool->lock */
	struct list_head link;
	struct pcmdev_pool *pool;
	struct pcmdev_plane plane; /* position and hotspot zeroed: they make no other buffer */
	u32 bytes;
	int id;
};

struct pcmdev_export {
	struct list_head link;
	struct pcmdev_buffer *buffer;
	struct dma_buf *dmabuf;
};

struct pcmdev_pool *pcmdev_pool_new(void)
{
	struct pcmdev_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (!pool)
		return NULL;
	pool->vram = vmalloc_user(PCMDEV_VRAM_BYTES);
	if (!pool->vram) {
		kfree(pool);
		return NULL;
	}
	kref_init(&pool->ref);
	mutex_init(&pool->lock);
	idr_init(&pool->ids);
	INIT_LIST_HEAD(&pool->buffers);
	INIT_LIST_HEAD(&pool->exports);
	pool->regs.magic = PCMDEV_MAGIC;
	pool->regs.region_index = PCMDEV_REGION_INDEX;
	pool->regs.edid_max_size = PCMDEV_EDID_BYTES;
	pool->regs.edid_max_xres = 1920;
	pool->regs.edid_max_yres = 1200;
	return pool;
}

static const char *fence_name(struct dma_fence *fence)
{
	return "pcmdev";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};
static DEFINE_SPINLOCK(fence_lock);

/* Lock held. */
static void begin_drawing(struct pcmdev_pool *pool)
{
	struct pcmdev_export *export;

	pool->drawing = kzalloc(sizeof(*pool->drawing), GFP_KERNEL);
	if (!pool->drawing)
		return;
	dma_fence_init(pool->drawing, &fence_ops, &fence_lock, dma_fence_context_alloc(1), 1);
	list_for_each_entry(export, &pool->exports, link) {
		struct dma_resv *resv = export->dmabuf->resv;

		dma_resv_lock(resv, NULL);
		if (!dma_resv_reserve_fences(resv, 1))
			dma_resv_add_fence(resv, pool->drawing, DMA_RESV_USAGE_WRITE);
		dma_resv_unlock(resv);
	}
}

static void end_drawing(struct pcmdev_pool *pool)
{
	dma_fence_signal(pool->drawing);
	dma_fence_put(pool->drawing);
	pool->drawing = NULL;
}

static void free_pool(struct kref *ref)
{
	struct pcmdev_pool *pool = container_of(ref, struct pcmdev_pool, ref);

	WARN_ON(!list_empty(&pool->buffers));
	if (pool->drawing)
		end_drawing(pool);
	idr_destroy(&pool->ids);
	vfree(pool->vram);
	kfree(pool);
}

void pcmdev_pool_put(struct pcmdev_pool *pool)
{
	kref_put(&pool->ref, free_pool);
}

u32 pcmdev_plane_bytes(const struct pcmdev_plane *plane)
{
	return plane->size ? plane->size : plane->stride * plane->height;
}

u32 pcmdev_plane_true_bytes(const struct pcmdev_pool *pool, const struct pcmdev_plane *plane)
{
	u64 bytes = pool->regs.buffer_bytes;

	if (plane->offset >= PCMDEV_VRAM_BYTES)
		return 0;
	if (!bytes)
		bytes = PAGE_ALIGN((u64)pcmdev_plane_bytes(plane));
	return min_t(u64, max_t(u64, bytes, 1), PCMDEV_VRAM_BYTES - plane->offset);
}

static void free_buffer(struct kref *ref)
{
	struct pcmdev_buffer *buffer = container_of(ref, struct pcmdev_buffer, ref);
	struct pcmdev_pool *pool = buffer->pool;

	list_del(&buffer->link);
	if (idr_find(&pool->ids, buffer->id) == buffer)
		idr_remove(&pool->ids, buffer->id);
	pool->regs.buffers--;
	kfree(buffer);
}

static struct pcmdev_buffer *find_buffer(struct pcmdev_pool *pool, const struct pcmdev_plane *plane)
{
	struct pcmdev_buffer *buffer;

	list_for_each_entry(buffer, &pool->buffers, link)
		if (!memcmp(&buffer->plane, plane, sizeof(*plane)) &&
		    buffer->bytes == pcmdev_plane_true_bytes(pool, plane) &&
		    (!pool->regs.same_id || buffer->id == pool->regs.same_id))
			return buffer;
	return NULL;
}

static int give_id(struct pcmdev_pool *pool, struct pcmdev_buffer *buffer)
{
	if (pool->regs.same_id) {
		/* The lie of a device that gives an id twice: the newest buffer answers to it. */
		if (idr_find(&pool->ids, pool->regs.same_id)) {
			idr_replace(&pool->ids, buffer, pool->regs.same_id);
			return pool->regs.same_id;
		}
		return idr_alloc(&pool->ids, buffer, pool->regs.same_id, pool->regs.same_id + 1,
				GFP_KERNEL);
	}
	if (pool->regs.reuse_ids)
		return idr_alloc(&pool->ids, buffer, 1, 0, GFP_KERNEL);
	return idr_alloc_cyclic(&pool->ids, buffer, 1, 0, GFP_KERNEL);
}

static struct pcmdev_buffer *new_buffer(struct pcmdev_pool *pool, const struct pcmdev_plane *plane)
{
	struct pcmdev_buffer *buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);

	if (!buffer)
		return NULL;
	buffer->id = give_id(pool, buffer);
	if (buffer->id < 0) {
		kfree(buffer);
		return NULL;
	}
	kref_init(&buffer->ref);
	buffer->pool = pool;
	buffer->plane = *plane;
	buffer->bytes = pcmdev_plane_true_bytes(pool, plane);
	list_add(&buffer->link, &pool->buffers);
	pool->regs.buffers++;
	return buffer;
}

int pcmdev_pool_show(struct pcmdev_pool *pool, enum pcmdev_plane_kind kind)
{
	struct pcmdev_plane plane = pool->regs.plane[kind];
	struct pcmdev_buffer *buffer;

	plane.x = plane.y = plane.hot_x = plane.hot_y = 0;
	buffer = find_buffer(pool, &plane);
	if (buffer)
		kref_get(&buffer->ref);
	else
		buffer = new_buffer(pool, &plane);
	if (!buffer)
		return -ENOMEM;
	if (pool->shown[kind])
		kref_put(&pool->shown[kind]->ref, free_buffer);
	pool->shown[kind] = buffer;
	return buffer->id;
}

void pcmdev_pool_hide(struct pcmdev_pool *pool)
{
	for (unsigned int i = 0; i < PCMDEV_PLANES; i++) {
		if (pool->shown[i])
			kref_put(&pool->shown[i]->ref, free_buffer);
		pool->shown[i] = NULL;
	}
}

static struct sg_table *map_dmabuf(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct pcmdev_export *export = attachment->dmabuf->priv;
	struct pcmdev_buffer *buffer = export->buffer;
	unsigned int count = DIV_ROUND_UP(buffer->bytes, PAGE_SIZE);
	struct page **pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	struct sg_table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!pages || !table)
		goto out;
	for (unsigned int i = 0; i < count; i++)
		pages[i] = vmalloc_to_page(buffer->pool->vram + buffer->plane.offset + i * PAGE_SIZE);
	ret = sg_alloc_table_from_pages(table, pages, count, 0, (size_t)count << PAGE_SHIFT, GFP_KERNEL);
	if (ret)
		goto out;
	ret = dma_map_sgtable(attachment->dev, table, direction, 0);
	if (ret)
		sg_free_table(table);
out:
	kvfree(pages);
	if (ret) {
		kfree(table);
		return ERR_PTR(ret);
	}
	return table;
}

static void unmap_dmabuf(struct dma_buf_attachment *attachment, struct sg_table *table,
		enum dma_data_direction direction)
{
	dma_unmap_sgtable(attachment->dev, table, direction, 0);
	sg_free_table(table);
	kfree(table);
}

static int mmap_dmabuf(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct pcmdev_export *export = dmabuf->priv;

	return pcmdev_pool_mmap(export->buffer->pool, vma, export->buffer->plane.offset,
			export->buffer->bytes);
}

static int begin_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct pcmdev_export *export = dmabuf->priv;

	if (direction == DMA_FROM_DEVICE)
		export->buffer->pool->regs.read_begins++;
	return 0;
}

static int end_access(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct pcmdev_export *export = dmabuf->priv;

	if (direction == DMA_FROM_DEVICE)
		export->buffer->pool->regs.read_ends++;
	return 0;
}

static void release_dmabuf(struct dma_buf *dmabuf)
{
	struct pcmdev_export *export = dmabuf->priv;
	struct pcmdev_pool *pool = export->buffer->pool;

	mutex_lock(&pool->lock);
	list_del(&export->link);
	pool->regs.exports--;
	kref_put(&export->buffer->ref, free_buffer);
	mutex_unlock(&pool->lock);
	pcmdev_pool_put(pool);
	kfree(export);
}

static const struct dma_buf_ops dmabuf_ops = {
	.map_dma_buf = map_dmabuf,
	.unmap_dma_buf = unmap_dmabuf,
	.mmap = mmap_dmabuf,
	.begin_cpu_access = begin_access,
	.end_cpu_access = end_access,
	.release = release_dmabuf,
};

/* Lock held. */
static struct dma_buf *export_buffer(struct pcmdev_pool *pool, u32 id)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct pcmdev_buffer *buffer = idr_find(&pool->ids, id);
	struct pcmdev_export *export;

	if (!buffer || !IS_ALIGNED(buffer->plane.offset, PAGE_SIZE) || !buffer->bytes)
		return ERR_PTR(-EINVAL);
	export = kzalloc(sizeof(*export), GFP_KERNEL);
	if (!export)
		return ERR_PTR(-ENOMEM);
	export->buffer = buffer;
	info.ops = &dmabuf_ops;
	info.size = buffer->bytes;
	info.flags = O_RDWR;
	info.priv = export;
	export->dmabuf = dma_buf_export(&info);
	if (IS_ERR(export->dmabuf)) {
		struct dma_buf *error = export->dmabuf;

		kfree(export);
		return error;
	}
	kref_get(&buffer->ref);
	kref_get(&pool->ref);
	list_add(&export->link, &pool->exports);
	pool->regs.exports++;
	pool->regs.gets++;
	return export->dmabuf;
}

int pcmdev_pool_export(struct pcmdev_pool *pool, u32 id)
{
	struct dma_buf *dmabuf = NULL;
	int fd = 0;

	mutex_lock(&pool->lock);
	if (pool->regs.get_errno_count) {
		if (pool->regs.get_errno_count != PCMDEV_FOREVER)
			pool->regs.get_errno_count--;
		fd = -(int)pool->regs.get_errno;
	} else {
		dmabuf = export_buffer(pool, id);
	}
	mutex_unlock(&pool->lock);
	if (fd < 0 || IS_ERR(dmabuf))
		return fd < 0 ? fd : PTR_ERR(dmabuf);
	/* Without O_CLOEXEC, as mbochs: the reader has to see to it. */
	fd = dma_buf_fd(dmabuf, 0);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

/* Lock held. Takes the memory away from dma-buf mappings that exist. */
static void revoke(struct pcmdev_pool *pool)
{
	struct pcmdev_export *export;

	list_for_each_entry(export, &pool->exports, link)
		unmap_mapping_range(export->dmabuf->file->f_mapping, 0, 0, 1);
}

void pcmdev_pool_write_regs(struct pcmdev_pool *pool, u32 offset, const u32 *words, u32 bytes)
{
	mutex_lock(&pool->lock);
	for (u32 i = 0; i < bytes; i += 4)
		if (offset + i < offsetof(struct pcmdev_regs, magic))
			*(u32 *)((u8 *)&pool->regs + offset + i) = words[i / 4];
	if (pool->regs.revoked)
		revoke(pool);
	if (pool->regs.busy && !pool->drawing)
		begin_drawing(pool);
	else if (!pool->regs.busy && pool->drawing)
		end_drawing(pool);
	mutex_unlock(&pool->lock);
}

void pcmdev_pool_read_regs(struct pcmdev_pool *pool, u32 offset, u32 *words, u32 bytes)
{
	mutex_lock(&pool->lock);
	memcpy(words, (u8 *)&pool->regs + offset, bytes);
	mutex_unlock(&pool->lock);
}

/* vm_pgoff counts pages of vram: pcmdev_pool_mmap() saw to that. */
static vm_fault_t fault_page(struct vm_fault *fault)
{
	struct pcmdev_pool *pool = fault->vma->vm_private_data;

	if (READ_ONCE(pool->regs.revoked) || fault->pgoff >= PCMDEV_VRAM_BYTES >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	fault->page = vmalloc_to_page(pool->vram + (fault->pgoff << PAGE_SHIFT));
	get_page(fault->page);
	return 0;
}

static const struct vm_operations_struct vm_ops = { .fault = fault_page };

int pcmdev_pool_mmap(struct pcmdev_pool *pool, struct vm_area_struct *vma, u32 offset, u32 bytes)
{
	unsigned long count = DIV_ROUND_UP(bytes, PAGE_SIZE);

	/* No lock: this runs under the caller's mmap lock, which a copy under ours may want. */
	if (READ_ONCE(pool->regs.mmap_errno))
		return -(int)READ_ONCE(pool->regs.mmap_errno);
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff > count || vma_pages(vma) > count - vma->vm_pgoff)
		return -EINVAL;
	vma->vm_pgoff += offset >> PAGE_SHIFT;
	vma->vm_private_data = pool;
	vma->vm_ops = &vm_ops;
	pool->regs.mmaps++;
	return 0;
}
