// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * planecast-link: another machine at the end of a slow link. Makes a network namespace, joins it to
 * this one by two TUN devices, and runs a command there; what goes between them passes through
 * two pipes (tools/planecast-link/pipe.h). Needs root, and /dev/net/tun; no module of the kernel's for traffic control.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/clock.h"
#include "tools/planecast-link/pipe.h"

/* RFC 2544's, nobody's. */
#define NETWORK "198.18.%u.%u"
#define DEFAULT_QUEUE_MS 300
#define MTU 1500

static struct link_pipe out, back; /* to the other machine, and from there */
static volatile sig_atomic_t ended;

static void fail(const char *what)
{
	fprintf(stderr, "planecast-link: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void set_address(int sock, struct ifreq *request, unsigned long how, const char *text)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&request->ifr_addr;

	memset(&request->ifr_addr, 0, sizeof(request->ifr_addr));
	address->sin_family = AF_INET;
	inet_pton(AF_INET, text, &address->sin_addr);
	if (ioctl(sock, how, request) < 0)
		fail(text);
}

static void set_up(int sock, struct ifreq *request)
{
	request->ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(sock, SIOCSIFFLAGS, request) < 0)
		fail("bringing up an interface");
}

/* A TUN device of this namespace, with that address. */
static int open_tun(const char *address)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || sock < 0)
		fail("/dev/net/tun");
	if (ioctl(fd, TUNSETIFF, &request) < 0)
		fail("making a TUN device");
	set_address(sock, &request, SIOCSIFADDR, address);
	set_address(sock, &request, SIOCSIFNETMASK, "255.255.255.252");
	request.ifr_mtu = MTU;
	if (ioctl(sock, SIOCSIFMTU, &request) < 0)
		fail("setting an MTU");
	set_up(sock, &request);
	close(sock);
	return fd;
}

static void send_fd(int sock, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(sock, &message, 0) != 1)
		fail("handing over the device");
}

static int receive_fd(int sock)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *head;
	int fd;

	if (recvmsg(sock, &message, MSG_CMSG_CLOEXEC) != 1 || !(head = CMSG_FIRSTHDR(&message)) ||
			head->cmsg_type != SCM_RIGHTS)
		exit(125); /* the other one has said why */
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

static void run_there(int sock, const char *address, char **command)
{
	struct ifreq loopback = { .ifr_name = "lo" };
	int control;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0)
		fail("making a network namespace");
	control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (control < 0)
		fail("a socket");
	set_up(control, &loopback);
	close(control);
	send_fd(sock, open_tun(address));
	close(sock);
	execvp(command[0], command);
	fail(command[0]);
}

static void pull(struct link_pipe *pipe, int fd, int64_t now_ns)
{
	uint8_t data[LINK_PACKET_BYTES];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		link_pipe_put(pipe, data, (size_t)n, now_ns);
}

static void push(struct link_pipe *pipe, int fd, int64_t now_ns)
{
	const struct link_packet *packet;

	/* What the kernel has no room for is lost on the way. */
	while ((packet = link_pipe_get(pipe, now_ns))) {
		if (write(fd, packet->data, packet->bytes) < 0 && errno != EAGAIN && errno != EINVAL)
			return;
	}
}

static void note_end(int signal)
{
	(void)signal;
	ended = 1;
}

static void forward(int here, int there, const sigset_t *normal)
{
	const int64_t start_ns = clock_now_ns();

	while (!ended) {
		struct pollfd fds[] = { { .fd = here, .events = POLLIN }, { .fd = there, .events = POLLIN } };
		int64_t now_ns = clock_now_ns() - start_ns, due_ns = link_pipe_due_ns(&out);
		struct timespec wait;

		if (link_pipe_due_ns(&back) < due_ns)
			due_ns = link_pipe_due_ns(&back);
		due_ns = due_ns < now_ns ? 0 : due_ns - now_ns > NSEC_PER_SEC ? NSEC_PER_SEC : due_ns - now_ns;
		wait = (struct timespec){ .tv_sec = due_ns / NSEC_PER_SEC, .tv_nsec = due_ns % NSEC_PER_SEC };
		ppoll(fds, 2, &wait, normal);
		now_ns = clock_now_ns() - start_ns;
		pull(&out, here, now_ns);
		pull(&back, there, now_ns);
		push(&out, there, now_ns);
		push(&back, here, now_ns);
	}
}

static int64_t read_rate(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	value *= *end == 'G' ? 1e9 : *end == 'M' ? 1e6 : *end == 'k' ? 1e3 : 1;
	if (end == text || value < 0 || value > 1e12) {
		fprintf(stderr, "planecast-link: '%s' is no rate: expected bits a second, as 10M\n", text);
		exit(2);
	}
	return (int64_t)value;
}

/* "50M" or "50M,10:2M": from ten seconds after the start on. */
static void read_steps(char *text)
{
	for (char *step = strtok(text, ","); step && out.n_steps < LINK_STEPS_MAX; step = strtok(NULL, ",")) {
		char *rate = strchr(step, ':');

		out.steps[out.n_steps].from_ns = rate ? (int64_t)(atof(step) * NSEC_PER_SEC) : 0;
		out.steps[out.n_steps++].bps = read_rate(rate ? rate + 1 : step);
	}
}

static const char usage[] =
	"usage: planecast-link [OPTION...] [--] COMMAND [ARGUMENT...]\n\n"
	"Runs a command in a network namespace at the other end of an emulated link. This end\n"
	"has address 198.18.NET.1, the other one 198.18.NET.2.\n\n"
	"  --net NUMBER     0 to 255, one for each link at a time; default: 247\n"
	"  --rate RATE[,SECONDS:RATE...]\n"
	"                   bits a second towards the command, as 10M; default: no limit\n"
	"  --delay MS       there and back together; default: 0\n"
	"  --jitter MS      up to so much more, each way; default: 0\n"
	"  --loss PERCENT   of packets, each way; default: 0\n"
	"  --queue MS       what the queue in front of the rate holds; default: 300\n";

static bool read_options(int argc, char **argv, unsigned int *ret_net)
{
	static const struct option options[] = {
		{ "net", required_argument, NULL, 'n' }, { "rate", required_argument, NULL, 'r' },
		{ "delay", required_argument, NULL, 'd' }, { "jitter", required_argument, NULL, 'j' },
		{ "loss", required_argument, NULL, 'l' }, { "queue", required_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	double queue_ms = DEFAULT_QUEUE_MS;
	int c;

	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			*ret_net = (unsigned int)atoi(optarg) & 255;
			break;
		case 'r':
			read_steps(optarg);
			break;
		case 'd':
			out.delay_ns = back.delay_ns = (int64_t)(atof(optarg) * NSEC_PER_MSEC / 2);
			break;
		case 'j':
			out.jitter_ns = back.jitter_ns = (int64_t)(atof(optarg) * NSEC_PER_MSEC);
			break;
		case 'l':
			out.loss = back.loss = atof(optarg) / 100;
			break;
		case 'q':
			queue_ms = atof(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return false;
		}
	}
	if (!out.n_steps)
		out.n_steps = 1;
	back.n_steps = 1;
	out.seed = 1;
	back.seed = 2;
	back.queue_bytes = INT64_MAX / 2;
	out.queue_bytes = out.steps[0].bps ? (int64_t)((double)out.steps[0].bps / 8000 * queue_ms) : INT64_MAX / 2;
	if (out.queue_bytes < 32 * MTU)
		out.queue_bytes = 32 * MTU;
	return optind < argc;
}

int main(int argc, char **argv)
{
	char here_address[32], there_address[32];
	unsigned int net = 247;
	int pair[2], here, there, status;
	sigset_t blocked, normal;
	pid_t pid;

	if (!read_options(argc, argv, &net)) {
		fputs(usage, stderr);
		return 2;
	}
	snprintf(here_address, sizeof(here_address), NETWORK, net, 1u);
	snprintf(there_address, sizeof(there_address), NETWORK, net, 2u);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("socketpair");
	signal(SIGCHLD, note_end);
	here = open_tun(here_address);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		signal(SIGCHLD, SIG_DFL);
		run_there(pair[1], there_address, argv + optind);
	}
	close(pair[1]);
	there = receive_fd(pair[0]);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &normal);
	forward(here, there, &normal);
	if (waitpid(pid, &status, 0) < 0)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
