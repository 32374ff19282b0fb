/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the table in config/schema.c that are limits, and a part of it: included there only. */
	{
		VM("max-viewers", max_viewers),
		.type = SCHEMA_INTEGER,
		RANGE(1, 1000),
		.default_text = "16",
		.reload = SCHEMA_LIVE,
		.doc = "The most viewers at a time.",
	},
	{
		VM("max-handshakes", max_handshakes),
		.type = SCHEMA_INTEGER,
		RANGE(1, 4096),
		.default_text = "64",
		.reload = SCHEMA_LIVE,
		.doc = "The most connections at a time that have not authenticated yet, of VNC and SPICE "
		       "together. One more, and the oldest of those from the address that most come "
		       "from is closed. The further connections of a SPICE viewer that is in do not count.",
	},
	{
		VM("max-handshakes-per-source", max_handshakes_per_source),
		.type = SCHEMA_INTEGER,
		RANGE(1, 4096),
		.default_text = "16",
		.reload = SCHEMA_LIVE,
		.doc = "The same for one source: an IPv4 address, an IPv6 network of 64 bits, or all unix "
		       "sockets. One more, and its oldest is closed. So many viewers behind one address "
		       "can come at once.",
	},
	{
		VM("handshake-drop-from", handshake_drop_from),
		.type = SCHEMA_INTEGER,
		RANGE(1, 4096),
		.default_text = "16",
		.reload = SCHEMA_LIVE,
		.doc = "From so many unauthenticated connections on some are refused at once, by chance, the "
		       "more the nearer max-handshakes is; but only those from sources that have more "
		       "of them than others.",
	},
	{
		VM("handshake-timeout", handshake_timeout_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 300 * SECOND),
		.default_text = "10s",
		.reload = SCHEMA_LIVE,
		.doc = "How long a viewer may take from connecting to being authenticated.",
	},
	{
		VM("prompt-timeout", prompt_timeout_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 3600 * SECOND),
		.default_text = "1m",
		.reload = SCHEMA_LIVE,
		.doc = "How long a VNC viewer may take from being asked for a password, which a person may "
		       "have to type, to being authenticated.",
	},
	{
		VM("refusal-delay", refusal_delay_ns),
		.type = SCHEMA_DURATION,
		RANGE(0, 60 * SECOND),
		.default_text = "1s",
		.reload = SCHEMA_LIVE,
		.doc = "After how long a viewer is told that its password is wrong, whatever was wrong with it.",
	},
	{
		VM("penalty-auth", penalty_auth_ns),
		.type = SCHEMA_DURATION,
		RANGE(0, 3600 * SECOND),
		.default_text = "5s",
		.reload = SCHEMA_LIVE,
		.doc = "What a wrong password counts against where it came from. Beyond penalty-from a "
		       "source is let in no more for so long, and each further one doubles that, up to "
		       "penalty-max. What counts against a source is forgotten in ten times its own time, "
		       "or with a right password. With 0 it counts nothing.",
	},
	{
		VM("penalty-abort", penalty_abort_ns),
		.type = SCHEMA_DURATION,
		RANGE(0, 3600 * SECOND),
		.default_text = "1s",
		.reload = SCHEMA_LIVE,
		.doc = "What a connection counts against its source that ends, or is ended, before it is "
		       "authenticated. With 0 it counts nothing.",
	},
	{
		VM("penalty-from", penalty_from_ns),
		.type = SCHEMA_DURATION,
		RANGE(0, 3600 * SECOND),
		.default_text = "25s",
		.reload = SCHEMA_LIVE,
		.doc = "So much may count against a source before it is kept out.",
	},
	{
		VM("penalty-max", penalty_max_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 24 * 3600 * SECOND),
		.default_text = "10m",
		.reload = SCHEMA_LIVE,
		.doc = "The longest time that a source is kept out for.",
	},
	{
		VM("penalty-sources", penalty_sources),
		.type = SCHEMA_INTEGER,
		RANGE(64, 1 << 20),
		.default_text = "65536",
		.reload = SCHEMA_LIVE,
		.doc = "Of how many sources it is known what counts against them, at 24 bytes each. If there "
		       "are more, those with least are forgotten.",
	},
	{
		VM("penalty-exempt", penalty_exempt),
		.type = SCHEMA_NETWORKS,
		.default_text = "",
		.reload = SCHEMA_LIVE,
		.doc = "Addresses and networks like 192.0.2.0/24, localhost, or unix, for which there are no "
		       "penalties, no max-handshakes-per-source and no handshake-drop-from: proxies and "
		       "load balancers, behind which there are viewers of all kinds.",
	},
	{
		VM("stall-timeout", stall_timeout_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 3600 * SECOND),
		.default_text = "20s",
		.reload = SCHEMA_LIVE,
		.doc = "A viewer that takes nothing of what waits for it, or acknowledges nothing, for so "
		       "long is disconnected.",
	},
	{
		VM("dead-peer-timeout", dead_peer_timeout_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 3600 * SECOND),
		.default_text = "30s",
		.reload = SCHEMA_LIVE,
		.doc = "A peer whose machine is not heard of for so long, though it was sent something or probed, "
		       "is taken to be gone.",
	},
	{
		VM("keepalive-interval", keepalive_interval_ns),
		.type = SCHEMA_DURATION,
		RANGE(1 * SECOND, 3600 * SECOND),
		.default_text = "10s",
		.reload = SCHEMA_LIVE,
		.doc = "A connection at rest for so long is probed, and again and again, so that its peer is known "
		       "to be gone at dead-peer-timeout; at the latest after a third of that, as a probe "
		       "may be lost.",
	},
	{
		VM("pending-output-max", pending_output_max_bytes),
		.type = SCHEMA_BYTES,
		RANGE(64 * KIB, 16 * MIB),
		.default_text = "256K",
		.reload = SCHEMA_LIVE,
		.doc = "While more than this waits for a SPICE channel to be taken, no more is made for it and "
		       "nothing that it says is heard. For a VNC viewer there never waits more than one picture.",
	},
	{
		VM("input-rate", input_rate),
		.type = SCHEMA_INTEGER,
		RANGE(0, 100000),
		.default_text = "1000",
		.reload = SCHEMA_LIVE,
		.doc = "How many keys and movements of the pointer a second each viewer can send to the guest. "
		       "Beyond it the pointer goes straight to where it is last, and keys wait; a viewer of whom "
		       "64 KiB wait is disconnected. With 0 there is no limit.",
	},
	{
		VM("spice-viewer-rate", spice_viewer_rate),
		.type = SCHEMA_INTEGER,
		RANGE(1, 1000),
		.default_text = "10",
		.reload = SCHEMA_LIVE,
		.doc = "How many SPICE viewers a second are let in from one source, as each takes some 50 ms of "
		       "a CPU until he sees something; after a rest 16 at once.",
	},
	{
		VM("clipboard-max", clipboard_max_bytes),
		.type = SCHEMA_BYTES,
		RANGE(0, 16 * MIB),
		.default_text = "256K",
		.reload = SCHEMA_LIVE,
		.doc = "The longest text of a clipboard, in bytes as viewer or guest sends it; a longer one is "
		       "skipped.",
	},
	{
		VM("agent-message-max", agent_message_max_bytes),
		.type = SCHEMA_BYTES,
		RANGE(KIB, 64 * MIB),
		.default_text = "1M",
		.reload = SCHEMA_LIVE,
		.doc = "The longest message that a SPICE viewer may send to the guest's agent, as clipboards and "
		       "files are. What is no text of at most clipboard-max is not kept or passed on; who begins a "
		       "longer one is disconnected.",
	},
	{
		VM("memory-max", memory_max_bytes),
		.type = SCHEMA_BYTES,
		RANGE(0, 1024 * GIB),
		.default_text = "4G",
		.reload = SCHEMA_RESTART,
		.doc = "The most memory that the process that serves the VM may take for itself: a SPICE viewer of "
		       "a 4K picture takes some 110 MB, and 16 of them 2 GB. Who needs more loses a picture, a "
		       "viewer, or this process, which is started anew; other VMs notice nothing. It is "
		       "RLIMIT_DATA of setrlimit(2), and not RLIMIT_AS, as what is mapped of guests, devices and "
		       "libraries is shared and no cost; sanitized builds have none. With 0 there is no limit.",
	},
