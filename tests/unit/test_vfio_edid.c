// SPDX-License-Identifier: GPL-2.0-or-later
/* Which region is a monitor's, what of it is believed, and which mode a wish becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <linux/vfio.h>
#include <unistd.h>

#include "server/capture/vfio_caps.h"
#include "server/capture/vfio_edid.h"

#define TYPE VFIO_REGION_TYPE_GFX
#define SUBTYPE VFIO_REGION_SUBTYPE_GFX_EDID

/* What a driver answers: the description, two capabilities, and where the chain goes. */
struct answer {
	struct vfio_region_info base;
	struct vfio_region_info_cap_type other, type;
};

static struct answer answer(void)
{
	return (struct answer){
		.base = {
			.argsz = sizeof(struct answer),
			.flags = VFIO_REGION_INFO_FLAG_CAPS,
			.cap_offset = offsetof(struct answer, other),
		},
		.other = {
			.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .next = offsetof(struct answer, type) },
			.type = VFIO_REGION_TYPE_CCW,
			.subtype = SUBTYPE,
		},
		.type = { .header = { .id = VFIO_REGION_INFO_CAP_TYPE }, .type = TYPE, .subtype = SUBTYPE },
	};
}

static bool says(const struct answer *a, size_t bytes)
{
	return vfio_caps_say_type(a, bytes, TYPE, SUBTYPE);
}

static void finds_the_region(void **state)
{
	struct answer a = answer();

	(void)state;
	assert_true(says(&a, sizeof(a)));
	a.type.subtype++;
	assert_false(says(&a, sizeof(a)));

	/* Another kind of capability in between, and of a later version. */
	a = answer();
	a.other.header.id = VFIO_REGION_INFO_CAP_MSIX_MAPPABLE;
	a.type.header.version = 7;
	assert_true(says(&a, sizeof(a)));

	/* Backwards. */
	a = answer();
	a.base.cap_offset = offsetof(struct answer, type);
	a.type.type++;
	a.type.header.next = offsetof(struct answer, other);
	a.other.header.next = 0;
	a.other.type = TYPE;
	assert_true(says(&a, sizeof(a)));
}

static void believes_no_broken_chain(void **state)
{
	static const uint32_t nowhere[] = { 0, 1, 31, 33, sizeof(struct answer) - 7, sizeof(struct answer),
		sizeof(struct answer) + 1, UINT32_MAX };
	struct answer a = answer();

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(a); bytes++)
		assert_false(says(&a, bytes));
	a.base.flags = 0;
	assert_false(says(&a, sizeof(a)));
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		a = answer();
		a.base.cap_offset = nowhere[i];
		assert_false(says(&a, sizeof(a)));
		a = answer();
		a.other.header.next = nowhere[i];
		assert_false(says(&a, sizeof(a)));
	}
	/* In a circle. */
	a = answer();
	a.type.type++;
	a.type.header.next = offsetof(struct answer, other);
	assert_false(says(&a, sizeof(a)));
	a.type.header.next = offsetof(struct answer, type);
	assert_false(says(&a, sizeof(a)));
}

static void believes_what_can_be(void **state)
{
	static const struct {
		const char *name;
		struct vfio_region_gfx_edid registers;
		const char *says; /* NULL: fine */
	} areas[] = {
		{ "mbochs", { 2048, 1024, 0, 800, 600, 0 }, NULL },
		{ "i915", { 2048, 128, 128, 1920, 1200, 0 }, NULL },
		{ "no limits", { 2048, 128, 0, 0, 0, 0 }, NULL },
		{ "right behind", { 24, 128, 0, 0, 0, 0 }, NULL },
		{ "too small", { 2048, 127, 0, 0, 0, 0 }, "of 127 bytes at 2048" },
		{ "none", { 2048, 0, 0, 0, 0, 0 }, "of 0 bytes" },
		{ "in the registers", { 20, 1024, 0, 0, 0, 0 }, "at 20" },
		{ "a stamp", { 2048, 1024, 0, 200, 0, 0 }, "200x0 at most" },
		{ "a strip", { 2048, 1024, 0, 0, 20, 0 }, "0x20 at most" },
	};
	char reason[VFIO_REASON_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		int r = vfio_edid_check(&areas[i].registers, reason);

		if (r != (areas[i].says ? -EINVAL : 0) || (r && !strstr(reason, areas[i].says)))
			fail_msg("%s: %d %s", areas[i].name, r, r ? reason : "");
	}
}

static void fits_wishes_to_the_device(void **state)
{
	static const struct {
		uint32_t max_width, max_height, width, height, told_width, told_height;
	} wishes[] = {
		{ 1920, 1200, 1280, 720, 1280, 720 },
		{ 1920, 1200, 1366, 768, 1366, 768 },
		{ 1920, 1200, 1367, 767, 1366, 767 },
		{ 1920, 1200, 2560, 1440, 1920, 1200 },
		{ 1921, 1200, 2560, 1440, 1920, 1200 },
		{ 0, 0, 3840, 2160, 3840, 2160 },
		{ 0, 0, 8191, 8191, 4094, 4095 },
		{ UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 4094, 4095 },
		{ 0, 0, 1, 1, 640, 480 },
		{ 640, 480, 1, 9000, 640, 480 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		uint32_t width = wishes[i].width, height = wishes[i].height;

		vfio_edid_fit(wishes[i].max_width, wishes[i].max_height, &width, &height);
		assert_int_equal(width, wishes[i].told_width);
		assert_int_equal(height, wishes[i].told_height);
	}
}

static void is_of_no_use_without_a_device_that_has_one(void **state)
{
	struct event_base *base = event_base_new();
	struct vfio_edid edid;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(vfio_edid_init(&edid, base, "a name that is longer than a serial number"), 0);
	assert_int_equal(vfio_edid_wish(&edid, 800, 600, 0, 0), -EOPNOTSUPP);
	vfio_edid_attach(&edid, pipes[0]);
	assert_int_equal(vfio_edid_wish(&edid, 800, 600, 0, 0), -EOPNOTSUPP);
	vfio_edid_detach(&edid);
	vfio_edid_finish(&edid);
	vfio_edid_finish(&edid);
	close(pipes[0]);
	close(pipes[1]);
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_region),
		cmocka_unit_test(believes_no_broken_chain),
		cmocka_unit_test(believes_what_can_be),
		cmocka_unit_test(fits_wishes_to_the_device),
		cmocka_unit_test(is_of_no_use_without_a_device_that_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
