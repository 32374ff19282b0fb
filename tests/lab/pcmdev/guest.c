// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's side of a pcmdev device: its memory and registers in sysfs, VFIO or no VFIO. */
#include <linux/device.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#include "device.h"

#define WORDS_MAX 64

static ssize_t regs_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr, char *buf,
		loff_t pos, size_t count)
{
	struct pcmdev *dev = dev_get_drvdata(kobj_to_dev(kobj));
	u32 words[WORDS_MAX];

	if (pos & 3 || count & 3)
		return -EINVAL;
	count = min_t(size_t, count, sizeof(words));
	pcmdev_pool_read_regs(dev->pool, pos, words, count);
	memcpy(buf, words, count);
	return count;
}

static ssize_t regs_write(struct file *file, struct kobject *kobj, struct bin_attribute *attr, char *buf,
		loff_t pos, size_t count)
{
	struct pcmdev *dev = dev_get_drvdata(kobj_to_dev(kobj));
	u32 words[WORDS_MAX];

	if (pos & 3 || count & 3)
		return -EINVAL;
	count = min_t(size_t, count, sizeof(words));
	memcpy(words, buf, count);
	pcmdev_pool_write_regs(dev->pool, pos, words, count);
	return count;
}

static int vram_mmap(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
		struct vm_area_struct *vma)
{
	struct pcmdev *dev = dev_get_drvdata(kobj_to_dev(kobj));

	return remap_vmalloc_range(vma, dev->pool->vram, vma->vm_pgoff);
}

/* As a guest's driver reads it of its monitor. */
static ssize_t edid_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr, char *buf,
		loff_t pos, size_t count)
{
	struct pcmdev *dev = dev_get_drvdata(kobj_to_dev(kobj));
	size_t bytes;

	mutex_lock(&dev->lock);
	bytes = dev->edid.link_state == VFIO_DEVICE_GFX_LINK_STATE_UP ? dev->edid.edid_size : 0;
	count = pos < bytes ? min_t(size_t, count, bytes - pos) : 0;
	memcpy(buf, dev->blob + pos, count);
	mutex_unlock(&dev->lock);
	return count;
}

static struct bin_attribute regs_attr = {
	.attr = { .name = "regs", .mode = 0600 },
	.size = sizeof(struct pcmdev_regs),
	.read = regs_read,
	.write = regs_write,
};
static struct bin_attribute vram_attr = {
	.attr = { .name = "vram", .mode = 0600 },
	.size = PCMDEV_VRAM_BYTES,
	.mmap = vram_mmap,
};
static struct bin_attribute edid_attr = {
	.attr = { .name = "edid", .mode = 0400 },
	.size = PCMDEV_EDID_BYTES,
	.read = edid_read,
};
static struct bin_attribute *bin_attrs[] = { &regs_attr, &vram_attr, &edid_attr, NULL };
static const struct attribute_group group = { .name = "pcmdev", .bin_attrs = bin_attrs };
const struct attribute_group *pcmdev_guest_groups[] = { &group, NULL };
