/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the demo keeps on disk while it runs: a directory of its own, and in it a file a VM for remote-viewer. */
#ifndef PLANECAST_SERVER_DEMO_FILES_H
#define PLANECAST_SERVER_DEMO_FILES_H

/*
 * In the first of the usual places that can be written; nobody else has access.
 * Negative errno, after saying why.
 */
int demo_files_make_directory(char **ret);
/* Must be empty. Takes path; NULL is fine. */
void demo_files_remove_directory(char *path);

/*
 * With which remote-viewer connects by SPICE over TLS to that port of 127.0.0.1, whose certificate is
 * DEMO_CERTS_SUBJECT's and of the CA in that file. Negative errno, after saying why.
 */
int demo_files_write_viewer(const char *directory, const char *vm, unsigned int port, const char *ca, char **ret_path);
/* Takes path; NULL is fine. */
void demo_files_remove_viewer(char *path);

#endif
