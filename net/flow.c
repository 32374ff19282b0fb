// SPDX-License-Identifier: GPL-2.0-or-later
/* Learns a link's delay and rate from answered marks, and paces updates by them. */
#include "net/flow.h"

#include <string.h>

/* No link that updates could be late on. */
#define RATE_MAX_BYTES_PER_NS 12.5
/* On faster links updates' own time is no matter. */
#define MARKS_BYTES_PER_NS 0.025
/* An answer may be late by so much of what was expected before it tells of a slower link. */
#define LATE_PART 1.25
/* So many updates say something of that, if their sizes' variance is so much of their mean's square. */
#define MEAN_UPDATES 40
#define VARIED 0.005
/* Clocks' and others' noise aside; never more than a tenth is believed to be the link's. */
#define OVERHEAD_FROM 0.5
#define OVERHEAD_MOST 0.1
/* What was learnt before counts for so much less then. */
#define LATE_KEEP 0.15
#define LATE_NS ((double)NSEC_PER_SEC / 60)

static const struct flow_update *update_at(const struct flow *flow, uint32_t number)
{
	return &flow->sent[number % FLOW_MAX];
}

int64_t flow_delay_ns(const struct flow *flow)
{
	const int64_t now = flow->quickest_ns[0], before = flow->quickest_ns[1];

	return !before || (now && now < before) ? now : before;
}

/* Bytes a nanosecond; 0: unknown. */
static double rate_of(double bytes, double ns)
{
	return bytes <= 0 ? 0 : bytes >= RATE_MAX_BYTES_PER_NS * ns ? RATE_MAX_BYTES_PER_NS : bytes / ns;
}

/* When the link was at work for an update that was sent then, at the earliest, as seen at this end. */
static int64_t begins_ns(const struct flow *flow, int64_t sent_ns)
{
	const int64_t arrives_ns = sent_ns + flow_delay_ns(flow);

	return arrives_ns > flow->answered_ns ? arrives_ns : flow->answered_ns;
}

static double known_rate(const struct flow *flow)
{
	return rate_of(flow->busy_bytes, flow->busy_ns);
}

/* Its answer should have come a while ago: the link has become slower, or stands still. */
static bool is_late(const struct flow *flow, int64_t now_ns)
{
	const struct flow_update *oldest = update_at(flow, flow->next - flow->in_flight);
	const double rate = known_rate(flow);

	return flow->in_flight && rate > 0 && (double)(now_ns - begins_ns(flow, oldest->sent_ns)) >
			LATE_PART * (double)oldest->bytes / rate + LATE_NS;
}

static void learn_delay(struct flow *flow, int64_t delay_ns, int64_t now_ns)
{
	if (now_ns - flow->span_ns >= FLOW_DELAY_NS) {
		flow->quickest_ns[1] = flow->quickest_ns[0];
		flow->quickest_ns[0] = 0;
		flow->span_ns = now_ns;
	}
	if (delay_ns < 1)
		delay_ns = 1;
	if (!flow->quickest_ns[0] || delay_ns < flow->quickest_ns[0])
		flow->quickest_ns[0] = delay_ns;
}

static void add_mean(double *mean, double value, double part)
{
	*mean += part * (value - *mean);
}

static void learn_overhead(struct flow *flow, double bytes, double ns)
{
	const double part = flow->mean.n < MEAN_UPDATES ? 1.0 / (flow->mean.n + 1) : 1.0 / MEAN_UPDATES;
	const double more_bytes = bytes - flow->mean.last_bytes, more_ns = ns - flow->mean.last_ns;

	flow->mean.last_bytes = bytes;
	flow->mean.last_ns = ns;
	add_mean(&flow->mean.bytes, bytes, part);
	add_mean(&flow->mean.ns, ns, part);
	if (flow->mean.n) {
		add_mean(&flow->mean.bytes_bytes, more_bytes * more_bytes, part);
		add_mean(&flow->mean.bytes_ns, more_bytes * more_ns, part);
	}
	if (flow->mean.n < MEAN_UPDATES)
		flow->mean.n++;
}

/* The part of an update's time that its size has to do with. */
static double size_part(const struct flow *flow)
{
	double part;

	if (flow->mean.n < MEAN_UPDATES ||
			flow->mean.bytes_bytes < VARIED * flow->mean.bytes * flow->mean.bytes)
		return 1;
	part = flow->mean.bytes_ns / flow->mean.bytes_bytes * flow->mean.bytes / flow->mean.ns;
	return part > OVERHEAD_FROM ? 1 : part < OVERHEAD_MOST ? OVERHEAD_MOST : part;
}

static void learn_rate(struct flow *flow, double bytes, double busy_ns, bool late)
{
	double keep = flow->busy_ns > (double)FLOW_MEMORY_NS ? (double)FLOW_MEMORY_NS / flow->busy_ns : 1;

	if (late)
		keep *= LATE_KEEP;
	if (busy_ns < 1)
		busy_ns = 1;
	flow->busy_ns = flow->busy_ns * keep + busy_ns;
	flow->busy_bytes = flow->busy_bytes * keep + bytes;
}

/* Has the last drain found the way to be shorter? Then there may be more to find. */
static void judge_drain(struct flow *flow)
{
	const int64_t delay_ns = flow_delay_ns(flow);

	if (!flow->drain.delay_ns)
		return;
	if (delay_ns < flow->drain.delay_ns - flow->drain.delay_ns / 16)
		flow->drain.every_ns = FLOW_DRAIN_MIN_NS;
	else if (flow->drain.every_ns < FLOW_DRAIN_MAX_NS)
		flow->drain.every_ns *= 2;
	flow->drain.delay_ns = 0;
}

static void plan_drain(struct flow *flow, int64_t now_ns)
{
	if (!flow->drain.every_ns)
		flow->drain.every_ns = FLOW_DRAIN_MIN_NS;
	if (!flow->drain.since_ns)
		flow->drain.since_ns = now_ns;
	if (now_ns - flow->drain.since_ns < flow->drain.every_ns)
		return;
	judge_drain(flow);
	flow->drain.due = flow->drain.busy_ns > (double)(now_ns - flow->drain.since_ns) / 2;
	flow->drain.since_ns = now_ns;
	flow->drain.busy_ns = 0;
}

uint32_t flow_send(struct flow *flow, size_t bytes, int64_t now_ns)
{
	struct flow_update *update = &flow->sent[flow->next % FLOW_MAX];

	if (flow->drain.due && !flow->in_flight) {
		flow->drain.due = false;
		flow->drain.delay_ns = flow_delay_ns(flow);
	} else if (bytes) {
		plan_drain(flow, now_ns);
	}
	if (flow->in_flight == FLOW_MAX) {
		/* The oldest is forgotten; its bytes arrive with the next one's. */
		flow->sent[(flow->next + 1) % FLOW_MAX].bytes += update->bytes;
		flow->in_flight--;
	}
	*update = (struct flow_update){ .sent_ns = now_ns, .bytes = bytes };
	flow->in_flight_bytes += bytes;
	flow->in_flight++;
	return flow->next++;
}

bool flow_answer(struct flow *flow, uint32_t number, int64_t now_ns)
{
	const uint32_t behind = flow->next - number; /* wraps as the numbers do */
	uint32_t oldest = flow->next - flow->in_flight;
	const bool late = is_late(flow, now_ns), behind_mark = number == oldest;
	int64_t began_ns;
	size_t bytes = 0;

	if (behind == 0 || behind > flow->in_flight)
		return false;
	learn_delay(flow, now_ns - update_at(flow, number)->sent_ns, now_ns);
	began_ns = begins_ns(flow, update_at(flow, oldest)->sent_ns);
	for (;; oldest++) {
		bytes += update_at(flow, oldest)->bytes;
		if (oldest == number)
			break;
	}
	if (bytes >= FLOW_TELLING_BYTES && flow->headed_ns && behind_mark)
		learn_overhead(flow, (double)bytes, (double)(now_ns - flow->headed_ns));
	flow->headed_ns = bytes ? 0 : now_ns;
	if (bytes >= FLOW_TELLING_BYTES)
		learn_rate(flow, (double)bytes, (double)(now_ns - began_ns), late);
	if (now_ns > began_ns)
		flow->drain.busy_ns += (double)(now_ns - began_ns);
	flow->in_flight_bytes -= bytes;
	flow->in_flight = behind - 1;
	if (bytes || !flow->answered_ns)
		flow->answered_ns = now_ns;
	return true;
}

/* Nothing says that anything waits. */
static bool is_quick(const struct flow *flow, int64_t now_ns)
{
	const int64_t delay_ns = flow_delay_ns(flow);
	const struct flow_update *oldest = update_at(flow, flow->next - flow->in_flight);

	return delay_ns && now_ns - oldest->sent_ns <= delay_ns + (int64_t)LATE_NS;
}

int64_t flow_wait_ns(const struct flow *flow, int64_t now_ns)
{
	const double rate = known_rate(flow);
	const int64_t delay_ns = flow_delay_ns(flow);
	int64_t leaves_ns = flow->answered_ns - delay_ns;

	if (flow->drain.due) {
		const int64_t quiet_ns = flow->answered_ns + FLOW_QUIET_NS;

		return flow->in_flight ? -1 : quiet_ns > now_ns ? quiet_ns - now_ns : 0;
	}
	if (!flow->in_flight)
		return 0;
	if (flow->in_flight == FLOW_MAX || is_late(flow, now_ns))
		return -1;
	if (rate <= 0 || !delay_ns)
		return flow->in_flight < FLOW_BLIND || is_quick(flow, now_ns) ? 0 : -1;
	for (uint32_t n = flow->next - flow->in_flight; n != flow->next; n++) {
		const struct flow_update *update = update_at(flow, n);

		if (update->sent_ns > leaves_ns)
			leaves_ns = update->sent_ns;
		leaves_ns += (int64_t)((double)update->bytes / rate);
	}
	return leaves_ns > now_ns ? leaves_ns - now_ns : 0;
}

int64_t flow_silent_ns(const struct flow *flow, int64_t now_ns)
{
	return flow->in_flight ? now_ns - update_at(flow, flow->next - flow->in_flight)->sent_ns : 0;
}

bool flow_wants_mark(const struct flow *flow)
{
	const double rate = known_rate(flow);

	return rate > 0 && rate < MARKS_BYTES_PER_NS;
}

int64_t flow_rate_bps(const struct flow *flow)
{
	return (int64_t)(known_rate(flow) * 8 * NSEC_PER_SEC);
}

size_t flow_picture_bytes(const struct flow *flow, int64_t interval_ns)
{
	const double rate = known_rate(flow) / size_part(flow);

	if (rate <= 0 || rate >= RATE_MAX_BYTES_PER_NS)
		return SIZE_MAX;
	return (size_t)(FLOW_PART * rate * (double)interval_ns) + FLOW_EXTRA_BYTES;
}
