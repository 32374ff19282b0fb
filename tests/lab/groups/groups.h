/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups of checks that labtest runs, each with devices of its own. */
#ifndef PLANECAST_TESTS_LAB_GROUPS_H
#define PLANECAST_TESTS_LAB_GROUPS_H

/* pcmdev */
void group_formats(void); /* every format, both kinds, padded or not: pixels */
void group_refusals(void); /* pictures that cannot be, and that nothing comes of them */
void group_errors(void); /* drivers that fail, for a moment or for good */
void group_buffers(void); /* what is kept open and for how long */
void group_vanishing(void); /* memory that goes away */
void group_own(void); /* devices that are missing, taken, forbidden, removed */
void group_socket(void); /* launchers that come and go */
void group_edid(void); /* wishes for a size, and what the guest reads of its monitor */
void group_cursor(void); /* the cursor plane: pixels, hot spot, place, and what cannot be one */
/* The kernel's samples. */
void group_mdpy(void);
void group_mbochs_stock(void); /* whose dma-bufs nobody can map */
void group_mbochs_mended(void);
void group_edid_mbochs(void);

#endif
