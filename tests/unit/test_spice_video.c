// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of SPICE viewers, put between the messages of the library's thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include <spice/enums.h>
#include <spice/protocol.h>

#include "net/spice_wire.h"
#include "server/clock.h"
#include "tests/unit/spice_rig.h"

#define VIEWERS 4
/* More than the library sends without hearing of it. */
#define PACKETS 200
#define PACKET_BYTES 3000
/* A chance for what should not happen. */
#define ROUNDS 6
#define TURNS 20

#define BIT(capability) (UINT32_C(1) << (capability))
#define CHOOSES BIT(SPICE_DISPLAY_CAP_MULTI_CODEC)
#define H264 (CHOOSES | BIT(SPICE_DISPLAY_CAP_CODEC_H264))
#define MJPEG (CHOOSES | BIT(SPICE_DISPLAY_CAP_CODEC_MJPEG))

static const struct packet_box box = { 40, 30, 129, 131 }, elsewhere = { 0, 0, 160, 140 };
static struct spice_client clients[VIEWERS][SPICE_LINK_CHANNELS];
static struct spice_client *display = &clients[0][SPICE_LINK_DISPLAY];

static int setup(void **state)
{
	(void)state;
	spice_rig_start();
	for (size_t i = 0; i < VIEWERS; i++) {
		for (size_t channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			clients[i][channel] = (struct spice_client){ .fd = -1, .acknowledges = true };
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < VIEWERS; i++)
		spice_viewer_leave(clients[i]);
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	spice_rig_stop();
	return 0;
}

static void join(unsigned int i, uint32_t abilities)
{
	clients[i][SPICE_LINK_DISPLAY].abilities = abilities;
	spice_viewer_join(clients[i]);
}

/* Displays read what there is. */
static void hear(void)
{
	for (size_t i = 0; i < VIEWERS; i++) {
		while (spice_client_hear(&clients[i][SPICE_LINK_DISPLAY]))
			spice_client_push(&clients[i][SPICE_LINK_DISPLAY], SIZE_MAX);
	}
}

#define HEARD(condition) SPICE_RIG_UNTIL((hear(), (condition)))

static void show_packet(enum packet_codec codec, bool keyframe)
{
	spice_rig_show_packet(codec, keyframe, PACKET_BYTES);
}

/* The first viewer's stream begins. */
static void begin(enum packet_codec codec)
{
	const unsigned int asked = spice_rig.asked_keyframes[codec], streams = display->streams;

	spice_rig_show_video(&box);
	HEARD(spice_rig.asked_keyframes[codec] > asked);
	show_packet(codec, true);
	HEARD(display->streams == streams + 1 && display->packets == 1);
}

/* What the library was given before that has come out, as it is given nothing before. */
static void settle(void)
{
	spice_rig_show_all();
	HEARD(display->last_draw.y1 == (int32_t)(box.y + box.height));
	display->painted = 0;
}

static void a_film_goes_on_amid_what_is_drawn(void **state)
{
	uint64_t draws;

	(void)state;
	join(0, H264);
	assert_int_equal(spice_rig_stats().video_viewers, 1);
	begin(PACKET_H264);
	assert_int_equal(display->stream_codec, SPICE_VIDEO_CODEC_TYPE_H264);
	settle();
	/* The picture around it is drawn all the time, and acknowledged as if there were no packets. */
	for (unsigned int i = 1; i < PACKETS; i++) {
		draws = display->draws;
		spice_rig_show_all();
		HEARD(display->packets == i && spice_rig.asked[PACKET_H264] == i + 1);
		show_packet(PACKET_H264, false);
		if (i % 20 == 0)
			HEARD(display->draws > draws);
	}
	HEARD(display->packets == PACKETS);
	assert_int_equal(display->streams, 1);
	assert_int_equal(spice_rig.asked_keyframes[PACKET_H264], 1);
	assert_int_equal(display->wrongs, 0);
	assert_int_equal(display->painted, 0);
}

/* All of the box is drawn then, and behind the stream. */
static void what_was_video_is_drawn(void **state)
{
	pixman_box32_t all = { (int32_t)box.x, (int32_t)box.y, (int32_t)(box.x + box.width),
		(int32_t)(box.y + box.height) };
	pixman_region32_t drawn;

	(void)state;
	pixman_region32_init(&drawn);
	join(0, H264);
	begin(PACKET_H264);
	settle();
	assert_int_equal(display->painted, 0);
	display->drawn = &drawn;
	spice_rig_show_video(NULL);
	HEARD(!display->stream_id && pixman_region32_contains_rectangle(&drawn, &all) == PIXMAN_REGION_IN);
	display->drawn = NULL;
	pixman_region32_fini(&drawn);
	/* And again, elsewhere, with no end of the first. */
	begin(PACKET_H264);
	spice_rig_show_video(&elsewhere);
	show_packet(PACKET_H264, true);
	HEARD(display->streams == 3 && display->packets == 1);
	assert_int_equal(display->stream_box.x1, 0);
	assert_int_equal(display->wrongs, 0);
}

/* Before its surface goes; what is still to be sent of it is not. */
static void a_stream_ends_with_its_surface(void **state)
{
	static const struct packet_box small = { 10, 10, 128, 128 };

	(void)state;
	join(0, H264);
	begin(PACKET_H264);
	for (unsigned int i = 0; i < 6; i++) {
		const unsigned int streams = display->streams, asked = spice_rig.asked_keyframes[PACKET_H264];

		show_packet(PACKET_H264, false);
		if (i % 2)
			hear();
		spice_rig_show_video(NULL);
		spice_rig_show_size(320 - 8 * (i + 1), 200);
		/* The box is at once one of the new surface, which is not there yet. */
		spice_rig_show_video(i % 2 ? &small : &box);
		HEARD(spice_rig.asked_keyframes[PACKET_H264] > asked);
		show_packet(PACKET_H264, true);
		HEARD(display->streams == streams + 1 && display->packets);
	}
	assert_int_equal(display->wrongs, 0);
}

static void each_is_shown_what_he_can_be(void **state)
{
	static const uint32_t abilities[VIEWERS] = { H264, MJPEG, CHOOSES, 0 };
	static const unsigned int codecs[VIEWERS] = { SPICE_VIDEO_CODEC_TYPE_H264, SPICE_VIDEO_CODEC_TYPE_MJPEG, 0,
		SPICE_VIDEO_CODEC_TYPE_MJPEG };

	(void)state;
	for (unsigned int i = 0; i < VIEWERS; i++)
		join(i, abilities[i]);
	assert_int_equal(spice_rig_stats().video_viewers, 3);
	begin(PACKET_H264);
	HEARD(spice_rig.asked[PACKET_MJPEG] == 2);
	show_packet(PACKET_MJPEG, true);
	HEARD(clients[1][SPICE_LINK_DISPLAY].packets && clients[3][SPICE_LINK_DISPLAY].packets);
	for (unsigned int i = 0; i < VIEWERS; i++) {
		const struct spice_client *client = &clients[i][SPICE_LINK_DISPLAY];

		assert_int_equal(client->streams, codecs[i] != 0);
		assert_int_equal(client->stream_codec, codecs[i]);
		assert_int_equal(client->wrongs, 0);
	}
	/* Who cannot be shown video is drawn the box. */
	clients[2][SPICE_LINK_DISPLAY].draws = 0;
	spice_rig_show_all();
	HEARD(clients[2][SPICE_LINK_DISPLAY].draws);
}

/* What he does not take does not add up, and he goes on with a keyframe. */
static void who_does_not_read_misses_some(void **state)
{
	const size_t bytes = 1 << 20;
	unsigned int asked, packets;

	(void)state;
	join(0, H264);
	begin(PACKET_H264);
	packets = display->packets;
	for (unsigned int i = 0; i < 10; i++) {
		spice_rig_show_packet(PACKET_H264, false, bytes);
		spice_rig_turn(0);
	}
	asked = spice_rig.asked_keyframes[PACKET_H264];
	HEARD(spice_rig.asked_keyframes[PACKET_H264] == asked + 1);
	/* The one that was under way. */
	assert_int_equal(display->packets, packets + 1);
	show_packet(PACKET_H264, false);
	show_packet(PACKET_H264, true);
	HEARD(display->packets == packets + 2);
	assert_int_equal(display->streams, 1);
	assert_int_equal(display->wrongs, 0);
}

static void listen_to(struct spice_client *client)
{
	while (spice_client_hear(client))
		spice_client_push(client, SIZE_MAX);
}

static bool is_sent_anything(const struct spice_client *client)
{
	int bytes = 0;

	return !ioctl(client->fd, FIONREAD, &bytes) && bytes > 0;
}

/*
 * There is room for a moment, and he asks for a keyframe. Before it comes, rectangles of the next
 * picture would have filled his link, and behind them it would be old beside who is faster: he
 * would be sent nothing else for as long as the film goes on.
 */
static void who_has_no_room_is_sent_no_rectangles(void **state)
{
	const pixman_box32_t film = { (int32_t)box.x, (int32_t)box.y, (int32_t)(box.x + box.width),
		(int32_t)(box.y + box.height) };
	struct spice_client *narrow = &clients[1][SPICE_LINK_DISPLAY];

	(void)state;
	narrow->room_bytes = 4096;
	join(0, H264);
	join(1, H264);
	HEARD(display->draws && narrow->draws);
	/* It begins when there is no room. */
	spice_rig_show(&film, 1);
	SPICE_RIG_UNTIL(is_sent_anything(narrow));
	spice_rig_show_video(&box);
	SPICE_RIG_UNTIL((listen_to(display), spice_rig.asked_keyframes[PACKET_H264] == 1));
	show_packet(PACKET_H264, true);
	show_packet(PACKET_H264, false);
	for (unsigned int i = 2; i < ROUNDS && !narrow->streams; i++) {
		SPICE_RIG_UNTIL((hear(), spice_rig.asked_keyframes[PACKET_H264] == i));
		spice_rig_show(&film, 1);
		for (unsigned int turns = 0; turns < TURNS && !is_sent_anything(narrow); turns++)
			spice_rig_turn(10 * NSEC_PER_MSEC);
		show_packet(PACKET_H264, true);
		show_packet(PACKET_H264, false);
		hear();
	}
	HEARD(narrow->packets == 2);
	assert_int_equal(narrow->wrongs, 0);
}

static void say_report(uint32_t id)
{
	uint8_t report[32] = { 0 };

	spice_wire_put_u32(report, id);
	spice_wire_put_u32(report + 20, UINT32_MAX);
	spice_client_tell(display, SPICE_MSGC_DISPLAY_STREAM_REPORT, report, sizeof(report));
}

/* He is shown it in another way, and at last as it is. */
static void who_cannot_show_it_says_so(void **state)
{
	(void)state;
	join(0, H264 | MJPEG);
	begin(PACKET_H264);
	/* Of another stream. */
	say_report(display->stream_id + 1);
	say_report(display->stream_id);
	HEARD(!display->stream_id && spice_rig.asked[PACKET_MJPEG]);
	show_packet(PACKET_MJPEG, true);
	HEARD(display->packets && display->stream_codec == SPICE_VIDEO_CODEC_TYPE_MJPEG);
	assert_int_equal(spice_rig_stats().video_viewers, 1);
	say_report(display->stream_id);
	HEARD(!display->stream_id);
	assert_int_equal(spice_rig_stats().video_viewers, 0);
	display->draws = 0;
	spice_rig_show_all();
	HEARD(display->draws);
	assert_int_equal(display->streams, 2);
	assert_int_equal(display->wrongs, 0);
}

static void a_wish_is_followed(void **state)
{
	static const uint8_t mjpeg[] = { 2, SPICE_VIDEO_CODEC_TYPE_MJPEG, SPICE_VIDEO_CODEC_TYPE_H264 },
			     h264[] = { 1, SPICE_VIDEO_CODEC_TYPE_H264 };

	(void)state;
	join(0, H264 | MJPEG);
	begin(PACKET_H264);
	spice_client_tell(display, SPICE_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE, mjpeg, sizeof(mjpeg));
	HEARD(!display->stream_id && spice_rig.asked[PACKET_MJPEG]);
	show_packet(PACKET_MJPEG, true);
	HEARD(display->packets && display->stream_codec == SPICE_VIDEO_CODEC_TYPE_MJPEG);
	spice_client_tell(display, SPICE_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE, h264, sizeof(h264));
	HEARD(!display->stream_id && spice_rig.asked_keyframes[PACKET_H264] == 2);
	show_packet(PACKET_H264, true);
	HEARD(display->packets && display->stream_codec == SPICE_VIDEO_CODEC_TYPE_H264);
	/* What his program does not decode it is not sent, whatever he wishes. */
	join(1, H264);
	spice_client_tell(&clients[1][SPICE_LINK_DISPLAY], SPICE_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE, mjpeg,
			sizeof(mjpeg));
	HEARD(spice_rig.asked_keyframes[PACKET_H264] == 3);
	assert_int_equal(display->wrongs, 0);
}

/* With packets under way, and one that waits. */
static void who_leaves_takes_all_with_him(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		join(0, H264);
		begin(PACKET_H264);
		for (unsigned int packets = 0; packets < i; packets++) {
			spice_rig_show_packet(PACKET_H264, false, 1 << (10 + packets));
			spice_rig_show_all();
			spice_rig_turn(0);
		}
		spice_client_close(&clients[0][i % 2 ? SPICE_LINK_DISPLAY : SPICE_LINK_MAIN]);
		spice_rig_turn(0);
		SPICE_RIG_UNTIL(spice_rig_stats().video_viewers == 0);
		spice_rig_show_packet(PACKET_H264, true, PACKET_BYTES);
		spice_viewer_leave(clients[0]);
		SPICE_RIG_UNTIL(spice_rig_is_empty());
		spice_rig_show_video(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_film_goes_on_amid_what_is_drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_video_is_drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stream_ends_with_its_surface, setup, teardown),
		cmocka_unit_test_setup_teardown(each_is_shown_what_he_can_be, setup, teardown),
		cmocka_unit_test_setup_teardown(who_does_not_read_misses_some, setup, teardown),
		cmocka_unit_test_setup_teardown(who_has_no_room_is_sent_no_rectangles, setup, teardown),
		cmocka_unit_test_setup_teardown(who_cannot_show_it_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wish_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(who_leaves_takes_all_with_him, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
