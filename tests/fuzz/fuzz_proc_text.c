// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of /proc, parts of which any user's process chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/broker/proc_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proc_stat stat;
	char *text = malloc(size + 1);
	dev_t dev;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!proc_text_stat(text, &stat)) {
		if (stat.parent < 0 || strnlen(stat.comm, sizeof(stat.comm)) == sizeof(stat.comm))
			abort();
		for (const char *c = stat.comm; *c; c++)
			if (*c < ' ' || *c > '~')
				abort();
	}
	if (proc_text_pid(text) < 0)
		abort();
	proc_text_link(text);
	proc_text_dev(text, &dev);
	proc_text_is_of(text, "/sys/devices/a");
	free(text);
	return 0;
}
