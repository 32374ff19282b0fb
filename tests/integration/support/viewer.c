// SPDX-License-Identifier: GPL-2.0-or-later
/* Command line of a test viewer. */
#include "tests/integration/support/viewer.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"

static const char *password = "";

static char *get_password(rfbClient *client)
{
	(void)client;
	return strdup(password); /* the library frees it */
}

/* The last is the picture's own, which follow_picture() needs. */
static const rfbPixelFormat formats[] = {
	{ .bitsPerPixel = 8, .depth = 8, .trueColour = 1, .redMax = 7, .greenMax = 7, .blueMax = 3,
		.redShift = 0, .greenShift = 3, .blueShift = 6 },
	{ .bitsPerPixel = 16, .depth = 16, .trueColour = 1, .redMax = 31, .greenMax = 63, .blueMax = 31,
		.redShift = 11, .greenShift = 5, .blueShift = 0 },
	{ .bitsPerPixel = 32, .depth = 24, .trueColour = 1, .redMax = 255, .greenMax = 255, .blueMax = 255,
		.redShift = 16, .greenShift = 8, .blueShift = 0 },
};

static void set_bits(rfbClient *client, int bits)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].bitsPerPixel == bits)
			client->format = formats[i];
}

/* "HOST:PORT" or a path. */
static void set_address(rfbClient *client, const char *address)
{
	char *copy = strdup(address), *colon = strrchr(copy, ':');

	if (address[0] != '/' && colon) {
		*colon = '\0';
		client->serverPort = atoi(colon + 1);
	}
	free(client->serverHost);
	client->serverHost = copy;
}

static const struct option options[] = {
	{ "encodings", required_argument, NULL, 'e' }, /* as libvncclient names them: "tight copyrect" */
	{ "quality", required_argument, NULL, 'q' }, /* 0..9; without it no JPEG */
	{ "compression", required_argument, NULL, 'c' }, /* 0..9 */
	{ "bits", required_argument, NULL, 'b' }, /* a pixel: 8, 16, 32 */
	{ "password", required_argument, NULL, 'p' },
	{ "exclusive", no_argument, NULL, 'x' },
	{ "cursor", no_argument, NULL, 'u' }, /* have the pointer sent apart from the picture */
	{ "patience", required_argument, NULL, 't' }, /* seconds a command may take */
	{ "verbose", no_argument, NULL, 'v' },
	{ 0 },
};

void viewer_print_options(FILE *file)
{
	for (const struct option *option = options; option->name; option++)
		fprintf(file, "  --%s%s\n", option->name, option->has_arg ? " VALUE" : "");
}

rfbClient *viewer_new(int argc, char **argv, int64_t *ret_patience_ns)
{
	rfbClient *client = rfbGetClient(8, 3, 4);
	AppData *data = &client->appData;
	int option;

	rfbEnableClientLogging = FALSE;
	client->canHandleNewFBSize = TRUE;
	client->GetPassword = get_password;
	set_bits(client, 32);
	data->enableJPEG = FALSE;
	data->compressLevel = -1;
	data->encodingsString = "tight zrle zlib hextile copyrect raw";
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			data->encodingsString = optarg;
			break;
		case 'q':
			data->qualityLevel = atoi(optarg);
			data->enableJPEG = TRUE;
			break;
		case 'c':
			data->compressLevel = atoi(optarg);
			break;
		case 'b':
			set_bits(client, atoi(optarg));
			break;
		case 'p':
			password = optarg;
			break;
		case 'x':
			data->shareDesktop = FALSE;
			break;
		case 'u':
			data->useRemoteCursor = TRUE;
			break;
		case 't':
			*ret_patience_ns = atoi(optarg) * NSEC_PER_SEC;
			break;
		case 'v':
			rfbEnableClientLogging = TRUE;
			break;
		default:
			goto fail;
		}
	}
	if (optind != argc - 1)
		goto fail;
	set_address(client, argv[optind]);
	return client;
fail:
	rfbClientCleanup(client);
	return NULL;
}
