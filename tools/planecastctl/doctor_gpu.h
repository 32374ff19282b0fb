/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which package brings a VA-API driver that encodes on a GPU, and converts pictures there (VideoProc). Pure. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_GPU_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_GPU_H

struct doctor_gpu {
	const char *name; /* "Intel Gen9 (Skylake to Comet Lake)" */
	/* What to install, in a sentence's end, and what is otherwise; NULL: no driver encodes on it. */
	const char *encodes;
	const char *converts; /* the same for encoding and VideoProc; NULL likewise */
};

/* vendor, device: of PCI. NULL: not known here. */
const struct doctor_gpu *doctor_gpu_find(unsigned int vendor, unsigned int device);

#endif
