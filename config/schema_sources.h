/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of the table in schema.c, which includes this once: where a VM's picture comes from. */
	{
		VM("source", source),
		.type = SCHEMA_ENUMS,
		.words = schema_source_words,
		.default_text = "",
		.reload = SCHEMA_RESTART,
		.doc = "Where the picture comes from: the display of a VFIO device, QEMU's D-Bus display, memory "
		       "that another program draws into, the frames of a recording, or a test picture that "
		       "moves by itself and answers to input. Of several the first that has a picture is "
		       "shown, and viewers stay when that changes. Not set: vfio, and then dbus where that is "
		       "set; dbus alone where it is set and there is no vfio-device and no vfio-socket.",
	},
	{
		VM("vfio-device", vfio_device),
		.type = SCHEMA_DEVICE,
		PATH_RANGE,
		.default_text = "",
		.reload = SCHEMA_RESTART,
		.doc = "The vGPU: the UUID of a mediated device, a PCI address like 0000:27:00.4, or the "
		       "device's absolute path in sysfs. Needed where source is vfio and vfio-attach is "
		       "auto or own.",
	},
	{
		VM("vfio-attach", vfio_attach),
		.type = SCHEMA_ENUM,
		.words = schema_attach_words,
		.default_text = "auto",
		.reload = SCHEMA_RESTART,
		.doc = "How planecast gets at the device. Auto finds the running QEMU that has it open, "
		       "whenever one does, and looks through that; own opens it, which works only while "
		       "nobody else has it open; socket waits until whoever started the VM passes the "
		       "opened device through vfio-socket.",
	},
	{
		VM("vfio-socket", vfio_socket),
		.type = SCHEMA_PATH,
		SOCKET_RANGE,
		.default_text = "",
		.reload = SCHEMA_RESTART,
		.doc = "The unix socket through which the opened device is passed. Needed where source is "
		       "vfio and vfio-attach is socket.",
	},
	{
		VM("memory-file", memory_file),
		PATH_OR_NONE,
		.reload = SCHEMA_RESTART,
		.doc = "The file in which another program keeps the picture, mapped into its memory: one "
		       "in /dev/shm that it draws into, or the RAM of a QEMU guest with a ramfb. Pixels "
		       "are 32 bits, blue in the lowest byte (XR24). It may come, go and be made anew at "
		       "any time. Needed where source is memory.",
	},
	{
		VM("memory-size", memory_size),
		.type = SCHEMA_SIZE,
		RANGE(320, 7680),
		.height_min = 200,
		.height_max = 4320,
		.default_text = "1920x1080",
		.reload = SCHEMA_RESTART,
		.doc = "The size of the picture in memory-file in pixels.",
	},
	{
		VM("memory-offset", memory_offset_bytes),
		.type = SCHEMA_BYTES,
		RANGE(0, 16384 * GIB),
		.default_text = "0",
		.reload = SCHEMA_RESTART,
		.doc = "Where in memory-file the picture begins.",
	},
	{
		VM("memory-stride", memory_stride_bytes),
		.type = SCHEMA_BYTES,
		RANGE(0, MIB),
		.default_text = "0",
		.reload = SCHEMA_RESTART,
		.doc = "From one row of the picture in memory-file to the next. With 0 rows follow each "
		       "other without a gap.",
	},
	{
		VM("replay-file", replay_file),
		PATH_OR_NONE,
		.reload = SCHEMA_RESTART,
		.doc = "The recording to show, over and over. Needed where source is replay.",
	},
	{
		VM("pattern-size", pattern_size),
		.type = SCHEMA_SIZE,
		RANGE(320, 7680),
		.height_min = 200,
		.height_max = 4320,
		.default_text = "1920x1080",
		.reload = SCHEMA_RESTART,
		.doc = "The size of the test picture in pixels.",
	},
	{
		VM("pattern-fps", pattern_fps),
		.type = SCHEMA_INTEGER,
		RANGE(0, 240),
		.default_text = "30",
		.reload = SCHEMA_RESTART,
		.doc = "How often a second the test picture moves. With 0 only input changes it.",
	},
	{
		VM("pattern-scene", pattern_scene),
		.type = SCHEMA_TEXT,
		TEXT_RANGE,
		.words = schema_scene_words,
		.default_text = "desktop",
		.reload = SCHEMA_RESTART,
		.doc = "What the test picture shows: a desktop with a bit of everything, one that rests, "
		       "a scrolling page, moving pictures, or typing in a terminal.",
	},
