// SPDX-License-Identifier: GPL-2.0-or-later
/* The VFIO device of pcmdev: regions, plane queries, EDID, reset. */
#include <drm/drm_plane.h>
#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/vmalloc.h>

#include "device.h"

#define REGION_SHIFT 40
#define REGION_OFFSET(index) ((u64)(index) << REGION_SHIFT)
#define REGION_OF(pos) ((u32)((u64)(pos) >> REGION_SHIFT))
#define OFFSET_IN(pos) ((u64)(pos) & (REGION_OFFSET(1) - 1))

#define REGS_BAR_BYTES 4096
#define EDID_REGION VFIO_PCI_NUM_REGIONS
#define EDID_OFFSET 2048

struct pcmdev_type {
	struct mdev_type type;
	enum display display;
};

static struct pcmdev *to_pcmdev(struct vfio_device *vdev)
{
	return container_of(vdev, struct pcmdev, vdev);
}

/* ---- regions ---- */

static int write_config(struct pcmdev *dev, u64 offset, u32 value)
{
	u32 mask;

	if (offset == PCI_BASE_ADDRESS_0)
		mask = ~(PCMDEV_VRAM_BYTES - 1);
	else if (offset == PCI_BASE_ADDRESS_2)
		mask = ~(REGS_BAR_BYTES - 1);
	else
		return 0;
	*(u32 *)(dev->config + offset) = (value & mask) | (dev->config[offset] & 0xf);
	return 0;
}

/* Locks held. As strict as i915: what mbochs lets pass is refused. */
static int write_edid(struct pcmdev *dev, u64 offset, u32 value)
{
	struct pcmdev_regs *regs = &dev->pool->regs;

	if (regs->edid_errno_count) {
		if (regs->edid_errno_count != PCMDEV_FOREVER)
			regs->edid_errno_count--;
		return -(int)regs->edid_errno;
	}
	if (offset == offsetof(struct vfio_region_gfx_edid, link_state)) {
		if (value != VFIO_DEVICE_GFX_LINK_STATE_UP && value != VFIO_DEVICE_GFX_LINK_STATE_DOWN)
			return -EINVAL;
		if (value == VFIO_DEVICE_GFX_LINK_STATE_UP)
			regs->plugs++;
		else
			regs->unplugs++;
		dev->edid.link_state = value;
	} else if (offset == offsetof(struct vfio_region_gfx_edid, edid_size)) {
		if (value > regs->edid_max_size)
			return -EINVAL;
		dev->edid.edid_size = value;
	} else if (offset >= EDID_OFFSET) {
		if (offset - EDID_OFFSET + sizeof(value) > dev->edid.edid_size)
			return -EINVAL;
		*(u32 *)(dev->blob + offset - EDID_OFFSET) = value;
	} else {
		return -EPERM;
	}
	return 0;
}

/* Locks held. */
static void *edid_at(struct pcmdev *dev, u64 offset)
{
	const struct pcmdev_regs *regs = &dev->pool->regs;

	dev->edid.edid_max_size = min(regs->edid_max_size, PCMDEV_EDID_BYTES);
	dev->edid.max_xres = regs->edid_max_xres;
	dev->edid.max_yres = regs->edid_max_yres;
	if (offset < sizeof(dev->edid))
		return (u8 *)&dev->edid + offset;
	if (offset >= EDID_OFFSET && offset < EDID_OFFSET + PCMDEV_EDID_BYTES)
		return dev->blob + offset - EDID_OFFSET;
	return NULL;
}

/* One aligned word. */
static int access_word(struct pcmdev *dev, u32 region, u64 offset, u32 *word, bool write)
{
	int ret = 0;

	switch (region) {
	case VFIO_PCI_BAR0_REGION_INDEX:
		if (offset >= PCMDEV_VRAM_BYTES)
			return -EINVAL;
		if (write)
			*(u32 *)(dev->pool->vram + offset) = *word;
		else
			*word = *(u32 *)(dev->pool->vram + offset);
		return 0;
	case VFIO_PCI_BAR2_REGION_INDEX:
		if (offset >= sizeof(struct pcmdev_regs))
			return -EINVAL;
		if (write)
			pcmdev_pool_write_regs(dev->pool, offset, word, 4);
		else
			pcmdev_pool_read_regs(dev->pool, offset, word, 4);
		return 0;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		if (offset >= PCMDEV_CONFIG_BYTES)
			return -EINVAL;
		mutex_lock(&dev->lock);
		if (write)
			ret = write_config(dev, offset, *word);
		else
			*word = *(u32 *)(dev->config + offset);
		mutex_unlock(&dev->lock);
		return ret;
	case EDID_REGION:
		mutex_lock(&dev->lock);
		mutex_lock(&dev->pool->lock);
		if (!edid_at(dev, offset))
			ret = -EINVAL;
		else if (write)
			ret = write_edid(dev, offset, *word);
		else
			*word = *(u32 *)edid_at(dev, offset);
		mutex_unlock(&dev->pool->lock);
		mutex_unlock(&dev->lock);
		return ret;
	}
	return -EINVAL;
}

static ssize_t device_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *pos)
{
	size_t done = 0;

	while (done < count) {
		u32 skip = *pos & 3, bytes = min_t(size_t, count - done, 4 - skip), word;
		int ret = access_word(to_pcmdev(vdev), REGION_OF(*pos), OFFSET_IN(*pos) - skip, &word, false);

		if (ret)
			return ret;
		if (copy_to_user(buf + done, (u8 *)&word + skip, bytes))
			return -EFAULT;
		*pos += bytes;
		done += bytes;
	}
	return done;
}

static ssize_t device_write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *pos)
{
	size_t done = 0;

	while (done < count) {
		u32 skip = *pos & 3, bytes = min_t(size_t, count - done, 4 - skip), word = 0;
		int ret = 0;

		if (bytes < 4)
			ret = access_word(to_pcmdev(vdev), REGION_OF(*pos), OFFSET_IN(*pos) - skip, &word, false);
		if (ret)
			return ret;
		if (copy_from_user((u8 *)&word + skip, buf + done, bytes))
			return -EFAULT;
		ret = access_word(to_pcmdev(vdev), REGION_OF(*pos), OFFSET_IN(*pos) - skip, &word, true);
		if (ret)
			return ret;
		*pos += bytes;
		done += bytes;
	}
	return done;
}

/* Lock held. The display region begins where the plane does. */
static u32 display_region_bytes(const struct pcmdev *dev)
{
	const struct pcmdev_plane *plane = &dev->pool->regs.plane[PCMDEV_PRIMARY];

	return plane->enable ? pcmdev_plane_true_bytes(dev->pool, plane) : PCMDEV_VRAM_BYTES;
}

static bool is_display_region(const struct pcmdev *dev, u32 index)
{
	return dev->display == DISPLAY_REGION && index == READ_ONCE(dev->pool->regs.region_index);
}

static int device_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct pcmdev *dev = to_pcmdev(vdev);
	u64 pos = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u32 index = REGION_OF(pos);

	vma->vm_pgoff = OFFSET_IN(pos) >> PAGE_SHIFT;
	if (is_display_region(dev, index)) {
		const struct pcmdev_plane *plane = &dev->pool->regs.plane[PCMDEV_PRIMARY];

		return pcmdev_pool_mmap(dev->pool, vma, READ_ONCE(plane->offset), display_region_bytes(dev));
	}
	if (index == VFIO_PCI_BAR0_REGION_INDEX)
		return remap_vmalloc_range(vma, dev->pool->vram, vma->vm_pgoff);
	return -EINVAL;
}

struct region_info {
	struct vfio_region_info base;
	struct vfio_region_info_cap_type type;
};

static int fill_region_info(struct pcmdev *dev, struct region_info *info)
{
	const u32 rw = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	u32 index = info->base.index;

	info->base.offset = REGION_OFFSET(index);
	info->base.argsz = sizeof(info->base);
	info->base.cap_offset = 0;
	info->base.flags = rw;
	if (is_display_region(dev, index)) {
		mutex_lock(&dev->pool->lock);
		info->base.size = display_region_bytes(dev);
		mutex_unlock(&dev->pool->lock);
		info->base.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	} else if (index == VFIO_PCI_BAR0_REGION_INDEX) {
		info->base.size = PCMDEV_VRAM_BYTES;
		info->base.flags |= VFIO_REGION_INFO_FLAG_MMAP;
	} else if (index == VFIO_PCI_BAR2_REGION_INDEX) {
		info->base.size = REGS_BAR_BYTES;
	} else if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info->base.size = PCMDEV_CONFIG_BYTES;
	} else if (index == EDID_REGION) {
		info->base.argsz = sizeof(*info);
		/* Of the block alone, as i915's. */
		info->base.size = PCMDEV_EDID_BYTES;
		info->base.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		info->base.cap_offset = offsetof(struct region_info, type);
		info->type = (struct vfio_region_info_cap_type) {
			.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
			.type = VFIO_REGION_TYPE_GFX,
			.subtype = VFIO_REGION_SUBTYPE_GFX_EDID,
		};
	} else if (index < VFIO_PCI_NUM_REGIONS) {
		info->base.flags = 0;
		info->base.size = 0;
	} else {
		return -EINVAL;
	}
	return 0;
}

static long get_region_info(struct pcmdev *dev, void __user *arg)
{
	struct region_info info = {};
	u32 room;
	int ret;

	if (copy_from_user(&info.base, arg, sizeof(info.base)))
		return -EFAULT;
	room = info.base.argsz;
	/* As picky as mbochs, so that readers learn to ask in two steps. */
	if (room < sizeof(info.base) || room > sizeof(info))
		return -EINVAL;
	ret = fill_region_info(dev, &info);
	if (ret)
		return ret;
	if (room < info.base.argsz)
		info.base.cap_offset = 0;
	return copy_to_user(arg, &info, min_t(u32, room, info.base.argsz)) ? -EFAULT : 0;
}

/* ---- planes ---- */

/* Lock held. 0, 1: leave the caller's struct alone, or a negative errno. */
static int fill_plane(struct pcmdev *dev, struct vfio_device_gfx_plane_info *info)
{
	struct pcmdev_regs *regs = &dev->pool->regs;
	enum pcmdev_plane_kind kind = PCMDEV_PRIMARY;
	const struct pcmdev_plane *plane;
	int id = 0;

	regs->queries++;
	if (regs->query_errno_count) {
		if (regs->query_errno_count != PCMDEV_FOREVER)
			regs->query_errno_count--;
		return -(int)regs->query_errno;
	}
	/* A region device has one picture whatever plane is asked for, as mdpy's. */
	if (dev->display == DISPLAY_DMABUF && info->drm_plane_type == DRM_PLANE_TYPE_CURSOR)
		kind = PCMDEV_CURSOR;
	else if (dev->display == DISPLAY_DMABUF && info->drm_plane_type != DRM_PLANE_TYPE_PRIMARY)
		return -EINVAL;
	plane = &regs->plane[kind];
	if (!plane->enable) {
		if (regs->leave_struct)
			return 1;
		*info = (struct vfio_device_gfx_plane_info){ .argsz = info->argsz, .flags = info->flags,
				.drm_plane_type = info->drm_plane_type };
		return 0;
	}
	if (dev->display == DISPLAY_DMABUF) {
		id = pcmdev_pool_show(dev->pool, kind);
		if (id < 0)
			return id;
	}
	info->drm_format = plane->fourcc;
	info->drm_format_mod = (u64)plane->modifier_high << 32 | plane->modifier_low;
	info->width = plane->width;
	info->height = plane->height;
	info->stride = plane->stride;
	info->size = pcmdev_plane_bytes(plane);
	info->x_pos = plane->x;
	info->y_pos = plane->y;
	info->x_hot = plane->hot_x;
	info->y_hot = plane->hot_y;
	info->dmabuf_id = dev->display == DISPLAY_DMABUF ? id : regs->region_index;
	return 0;
}

static long query_plane(struct pcmdev *dev, void __user *arg)
{
	const u32 bytes = offsetofend(struct vfio_device_gfx_plane_info, region_index);
	struct vfio_device_gfx_plane_info info;
	u32 mine;
	int ret;

	if (dev->display == DISPLAY_NONE)
		return -ENOTTY;
	mine = dev->display == DISPLAY_DMABUF ? VFIO_GFX_PLANE_TYPE_DMABUF : VFIO_GFX_PLANE_TYPE_REGION;
	if (copy_from_user(&info, arg, bytes))
		return -EFAULT;
	if (info.argsz < bytes)
		return -EINVAL;
	if (info.flags == (mine | VFIO_GFX_PLANE_TYPE_PROBE))
		return 0;
	if (info.flags != mine)
		return -EINVAL;
	mutex_lock(&dev->pool->lock);
	ret = fill_plane(dev, &info);
	mutex_unlock(&dev->pool->lock);
	if (ret)
		return ret < 0 ? ret : 0;
	return copy_to_user(arg, &info, bytes) ? -EFAULT : 0;
}

static long get_dmabuf(struct pcmdev *dev, u32 __user *arg)
{
	u32 id;

	if (dev->display != DISPLAY_DMABUF)
		return -ENOTTY;
	if (get_user(id, arg))
		return -EFAULT;
	return pcmdev_pool_export(dev->pool, id);
}

static long reset_device(struct pcmdev *dev)
{
	mutex_lock(&dev->pool->lock);
	memset(dev->pool->regs.plane, 0, sizeof(dev->pool->regs.plane));
	pcmdev_pool_hide(dev->pool);
	dev->pool->regs.resets++;
	mutex_unlock(&dev->pool->lock);
	return 0;
}

static long device_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct pcmdev *dev = to_pcmdev(vdev);
	void __user *user = (void __user *)arg;
	struct vfio_device_info info;
	struct vfio_irq_info irq;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		if (copy_from_user(&info, user, offsetofend(struct vfio_device_info, num_irqs)))
			return -EFAULT;
		if (info.argsz < offsetofend(struct vfio_device_info, num_irqs))
			return -EINVAL;
		info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
		info.num_regions = VFIO_PCI_NUM_REGIONS + 1;
		info.num_irqs = VFIO_PCI_NUM_IRQS;
		return copy_to_user(user, &info, offsetofend(struct vfio_device_info, num_irqs)) ? -EFAULT : 0;
	case VFIO_DEVICE_GET_IRQ_INFO:
		if (copy_from_user(&irq, user, sizeof(irq)))
			return -EFAULT;
		if (irq.argsz < sizeof(irq) || irq.index >= VFIO_PCI_NUM_IRQS)
			return -EINVAL;
		irq.flags = 0;
		irq.count = 0;
		return copy_to_user(user, &irq, sizeof(irq)) ? -EFAULT : 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(dev, user);
	case VFIO_DEVICE_QUERY_GFX_PLANE:
		return query_plane(dev, user);
	case VFIO_DEVICE_GET_GFX_DMABUF:
		return get_dmabuf(dev, user);
	case VFIO_DEVICE_RESET:
		return reset_device(dev);
	}
	return -ENOTTY;
}

/* ---- life ---- */

static int device_open(struct vfio_device *vdev)
{
	struct pcmdev_pool *pool = to_pcmdev(vdev)->pool;

	mutex_lock(&pool->lock);
	pool->regs.opens++;
	mutex_unlock(&pool->lock);
	return 0;
}

static void device_close(struct vfio_device *vdev)
{
	struct pcmdev_pool *pool = to_pcmdev(vdev)->pool;

	mutex_lock(&pool->lock);
	pool->regs.opens--;
	pcmdev_pool_hide(pool);
	mutex_unlock(&pool->lock);
}

static int device_init(struct vfio_device *vdev)
{
	struct pcmdev *dev = to_pcmdev(vdev);
	struct mdev_device *mdev = to_mdev_device(vdev->dev);

	dev->pool = pcmdev_pool_new();
	if (!dev->pool)
		return -ENOMEM;
	mutex_init(&dev->lock);
	dev->display = container_of(mdev->type, struct pcmdev_type, type)->display;
	*(u16 *)(dev->config + PCI_VENDOR_ID) = 0x1234;
	*(u16 *)(dev->config + PCI_DEVICE_ID) = 0x7063;
	*(u16 *)(dev->config + PCI_CLASS_DEVICE) = PCI_CLASS_DISPLAY_OTHER;
	*(u16 *)(dev->config + PCI_COMMAND) = PCI_COMMAND_MEMORY;
	dev->config[PCI_BASE_ADDRESS_0] = PCI_BASE_ADDRESS_MEM_PREFETCH;
	dev->edid.edid_offset = EDID_OFFSET;
	return 0;
}

static void device_release(struct vfio_device *vdev)
{
	pcmdev_pool_put(to_pcmdev(vdev)->pool);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	vfio_free_device(vdev);
#endif
}

static const struct vfio_device_ops device_ops = {
	.name = "pcmdev",
	.init = device_init,
	.release = device_release,
	.open_device = device_open,
	.close_device = device_close,
	.read = device_read,
	.write = device_write,
	.mmap = device_mmap,
	.ioctl = device_ioctl,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif
};

static int probe_mdev(struct mdev_device *mdev)
{
	struct pcmdev *dev = vfio_alloc_device(pcmdev, vdev, &mdev->dev, &device_ops);
	int ret;

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev_set_drvdata(&mdev->dev, dev);
	ret = vfio_register_emulated_iommu_dev(&dev->vdev);
	if (ret)
		vfio_put_device(&dev->vdev);
	return ret;
}

static void remove_mdev(struct mdev_device *mdev)
{
	struct pcmdev *dev = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&dev->vdev);
	vfio_put_device(&dev->vdev);
}

static struct mdev_driver driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.max_instances = 64,
	.driver = {
		.name = "pcmdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = pcmdev_guest_groups,
	},
	.probe = probe_mdev,
	.remove = remove_mdev,
};

static struct pcmdev_type types[] = {
	{ .type = { .sysfs_name = "dmabuf", .pretty_name = "dma-buf planes" }, .display = DISPLAY_DMABUF },
	{ .type = { .sysfs_name = "region", .pretty_name = "region plane" }, .display = DISPLAY_REGION },
	{ .type = { .sysfs_name = "plain", .pretty_name = "no display" }, .display = DISPLAY_NONE },
};
static struct mdev_type *type_list[] = { &types[0].type, &types[1].type, &types[2].type };

/* Its name is the first half of the types' names. */
static struct class pcmdev_class = { .name = "pcmdev" };
static struct device *parent_device;
static struct mdev_parent parent;

static int __init pcmdev_start(void)
{
	int ret = class_register(&pcmdev_class);

	if (ret)
		return ret;
	parent_device = device_create(&pcmdev_class, NULL, MKDEV(0, 0), NULL, "pcmdev");
	if (IS_ERR(parent_device)) {
		ret = PTR_ERR(parent_device);
		goto err_class;
	}
	ret = mdev_register_driver(&driver);
	if (ret)
		goto err_device;
	ret = mdev_register_parent(&parent, parent_device, &driver, type_list, ARRAY_SIZE(type_list));
	if (ret)
		goto err_driver;
	return 0;

err_driver:
	mdev_unregister_driver(&driver);
err_device:
	device_unregister(parent_device);
err_class:
	class_unregister(&pcmdev_class);
	return ret;
}

static void __exit pcmdev_stop(void)
{
	mdev_unregister_parent(&parent);
	mdev_unregister_driver(&driver);
	device_unregister(parent_device);
	class_unregister(&pcmdev_class);
}

module_init(pcmdev_start);
module_exit(pcmdev_stop);
MODULE_DESCRIPTION("Mediated display device for tests");
MODULE_LICENSE("GPL");
