// SPDX-License-Identifier: GPL-2.0-or-later
/* Which GPUs of AMD's there are, and what the kernel says of them. */
#include <errno.h>
#include <string.h>

#include "tests/gpu/amdgpu.h"
#include "tests/gpu/gpu_noop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB (1ull << 20)
/* Newer than Debian 12's headers. */
#define FAMILY_NAVI3 145

struct amdgpu_device {
	const char *name;
	uint16_t pci_id;
	uint8_t pci_revision;
	uint32_t family, chip_revision, external_revision;
	struct {
		uint8_t major, minor;
	} graphics, video;
	uint8_t engines, arrays_per_engine; /* of shaders */
	uint32_t units; /* of an array, a bit each */
	uint8_t backends, cache_blocks;
	uint32_t address_config; /* GB_ADDR_CONFIG */
	uint32_t firmware_feature;
	uint32_t memory_type;
	uint64_t memory_bytes, visible_bytes; /* its own, and what of it a CPU sees */
};

static const struct amdgpu_device devices[] = {
	{ "raven", 0x15d8, 0xc1, AMDGPU_FAMILY_RV, 1, 0x42, { 9, 0 }, { 1, 0 }, 1, 1, 0x3ff, 2, 4, 0x24000042, 47,
			AMDGPU_VRAM_TYPE_DDR4, 64 * MIB, 64 * MIB },
	{ "renoir", 0x1636, 0xe9, AMDGPU_FAMILY_RV, 0, 0xa1, { 9, 3 }, { 2, 2 }, 1, 1, 0xfe, 2, 4, 0x26010042, 53,
			AMDGPU_VRAM_TYPE_DDR4, 64 * MIB, 64 * MIB },
	{ "navi10", 0x731f, 0xc1, AMDGPU_FAMILY_NV, 2, 0x03, { 10, 0 }, { 2, 0 }, 2, 2, 0x3ff, 16, 16, 0x00100044, 34,
			AMDGPU_VRAM_TYPE_GDDR6, 8176 * MIB, 256 * MIB },
	{ "navi21", 0x73bf, 0xc3, AMDGPU_FAMILY_NV, 1, 0x29, { 10, 0 }, { 3, 0 }, 4, 2, 0x3ff, 16, 16, 0x00000444, 42,
			AMDGPU_VRAM_TYPE_GDDR6, 16368 * MIB, 256 * MIB },
	{ "navi31", 0x744c, 0xc8, FAMILY_NAVI3, 0, 0x01, { 11, 0 }, { 4, 0 }, 4, 2, 0xff, 16, 16, 0x00000545, 29,
			AMDGPU_VRAM_TYPE_GDDR6, 24560 * MIB, 256 * MIB },
};

static const struct amdgpu_device *chosen;

bool amdgpu_choose(const char *device)
{
	for (size_t i = 0; i < COUNT(devices); i++)
		if (!strcmp(devices[i].name, device)) {
			chosen = &devices[i];
			return true;
		}
	return false;
}

uint16_t amdgpu_pci_id(void)
{
	return chosen->pci_id;
}

/* The kernel's way: as much of it as there is room for. */
static int reply(const struct drm_amdgpu_info *info, const void *data, size_t bytes)
{
	memcpy((void *)(uintptr_t)info->return_pointer, data, bytes < info->return_size ? bytes : info->return_size);
	return 0;
}

static int reply_number(const struct drm_amdgpu_info *info, uint64_t number)
{
	return reply(info, &number, sizeof(number));
}

static int describe_device(const struct drm_amdgpu_info *info)
{
	const unsigned int arrays = chosen->engines * chosen->arrays_per_engine;
	struct drm_amdgpu_info_device device = {
		.device_id = chosen->pci_id,
		.chip_rev = chosen->chip_revision,
		.external_rev = chosen->external_revision,
		.pci_rev = chosen->pci_revision,
		.family = chosen->family,
		.num_shader_engines = chosen->engines,
		.num_shader_arrays_per_engine = chosen->arrays_per_engine,
		.gpu_counter_freq = 100000,
		.max_engine_clock = 1800000,
		.max_memory_clock = 1000000,
		.cu_active_number = arrays * (unsigned int)__builtin_popcount(chosen->units),
		.enabled_rb_pipes_mask = (1u << chosen->backends) - 1,
		.num_rb_pipes = chosen->backends,
		.num_hw_gfx_contexts = 8,
		.ids_flags = chosen->memory_type == AMDGPU_VRAM_TYPE_DDR4 ? AMDGPU_IDS_FLAGS_FUSION : 0,
		.virtual_address_offset = 2 * MIB,
		.virtual_address_max = 1ull << 47,
		.virtual_address_alignment = 4096,
		.pte_fragment_size = 2 * MIB,
		.gart_page_size = 4096,
		.ce_ram_size = 32768,
		.vram_type = chosen->memory_type,
		.vram_bit_width = 128,
		.gc_double_offchip_lds_buf = 1,
		.wave_front_size = chosen->graphics.major >= 10 ? 32 : 64,
		.num_shader_visible_vgprs = chosen->graphics.major >= 10 ? 1024 : 256,
		.num_cu_per_sh = (uint32_t)__builtin_popcount(chosen->units),
		.num_tcc_blocks = chosen->cache_blocks,
		.gs_vgt_table_depth = 32,
		.gs_prim_buffer_depth = 1792,
		.max_gs_waves_per_vgt = 32,
		.high_va_offset = 0xffff800000000000,
		.high_va_max = 0xffffffffffe00000,
	};

	for (unsigned int i = 0; i < arrays; i++)
		device.cu_bitmap[i / chosen->arrays_per_engine][i % chosen->arrays_per_engine] = chosen->units;
	return reply(info, &device, sizeof(device));
}

static int describe_block(const struct drm_amdgpu_info *info)
{
	struct drm_amdgpu_info_hw_ip block = {
		.hw_ip_version_major = chosen->graphics.major,
		.hw_ip_version_minor = chosen->graphics.minor,
		.ib_start_alignment = 32,
		.ib_size_alignment = 32,
		.available_rings = 1,
	};

	switch (info->query_hw_ip.type) {
	case AMDGPU_HW_IP_GFX:
	case AMDGPU_HW_IP_COMPUTE:
		return reply(info, &block, sizeof(block));
	case AMDGPU_HW_IP_VCN_DEC:
	case AMDGPU_HW_IP_VCN_ENC:
	case AMDGPU_HW_IP_VCN_JPEG:
		block.hw_ip_version_major = chosen->video.major;
		block.hw_ip_version_minor = chosen->video.minor;
		return reply(info, &block, sizeof(block));
	default:
		/* It has none of these. */
		return reply(info, &(struct drm_amdgpu_info_hw_ip){ 0 }, sizeof(block));
	}
}

static int describe_firmware(const struct drm_amdgpu_info *info)
{
	/* As the encoder's counts its interfaces, 1.33. */
	const uint32_t version = 1 << 20 | 33 << 12;
	const struct drm_amdgpu_info_firmware firmware = { .ver = version, .feature = chosen->firmware_feature };

	return reply(info, &firmware, sizeof(firmware));
}

static int describe_memory(const struct drm_amdgpu_info *info)
{
	const uint64_t system_bytes = 4096 * MIB;
	const uint64_t own = chosen->memory_bytes, visible = chosen->visible_bytes;
	const struct drm_amdgpu_memory_info memory = {
		.vram = { own, own, 0, own / 4 * 3 },
		.cpu_accessible_vram = { visible, visible, 0, visible / 4 * 3 },
		.gtt = { system_bytes, system_bytes, 0, system_bytes / 4 * 3 },
	};
	const struct drm_amdgpu_info_vram_gtt sizes = { own, visible, system_bytes };

	if (info->query == AMDGPU_INFO_VRAM_GTT)
		return reply(info, &sizes, sizeof(sizes));
	return reply(info, &memory, sizeof(memory));
}

/* What is asked for of them is GB_ADDR_CONFIG; a GPU at rest has no bits set in the others. */
static int read_registers(const struct drm_amdgpu_info *info)
{
	const uint32_t address_config = 0x263e;
	uint32_t *to = (uint32_t *)(uintptr_t)info->return_pointer;

	for (uint32_t i = 0; i < info->read_mmr_reg.count && i < info->return_size / sizeof(*to); i++)
		to[i] = info->read_mmr_reg.dword_offset + i == address_config ? chosen->address_config : 0;
	return 0;
}

/* As the kernel's table of these generations, of what is encoded; of decoders nobody here asks. */
static int describe_codecs(const struct drm_amdgpu_info *info)
{
	const struct drm_amdgpu_info_video_caps caps = {
		.codec_info = {
			[AMDGPU_INFO_VIDEO_CAPS_CODEC_IDX_MPEG4_AVC] = { 1, 4096, 2304, 4096 * 2304, 0, 0 },
			[AMDGPU_INFO_VIDEO_CAPS_CODEC_IDX_HEVC] = { 1, 4096, 2304, 4096 * 2304, 0, 0 },
		},
	};

	return reply(info, &caps, sizeof(caps));
}

int amdgpu_answer_info(const struct drm_amdgpu_info *info)
{
	switch (info->query) {
	case AMDGPU_INFO_ACCEL_WORKING:
	case AMDGPU_INFO_HW_IP_COUNT:
		return reply_number(info, 1);
	case AMDGPU_INFO_DEV_INFO:
		return describe_device(info);
	case AMDGPU_INFO_HW_IP_INFO:
		return describe_block(info);
	case AMDGPU_INFO_FW_VERSION:
		return describe_firmware(info);
	case AMDGPU_INFO_MEMORY:
	case AMDGPU_INFO_VRAM_GTT:
		return describe_memory(info);
	case AMDGPU_INFO_READ_MMR_REG:
		return read_registers(info);
	case AMDGPU_INFO_VIDEO_CAPS:
		return describe_codecs(info);
	case AMDGPU_INFO_TIMESTAMP:
	case AMDGPU_INFO_NUM_BYTES_MOVED:
	case AMDGPU_INFO_NUM_EVICTIONS:
	case AMDGPU_INFO_VRAM_USAGE:
	case AMDGPU_INFO_VIS_VRAM_USAGE:
	case AMDGPU_INFO_GTT_USAGE:
		return reply_number(info, 0);
	default:
		return -EINVAL;
	}
}
