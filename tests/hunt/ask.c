// SPDX-License-Identifier: GPL-3.0-or-later
/* The hunt's zones as files, and its questions over UDP. */
#include "hunt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT 53
#define TIMEOUT_S 2
#define REPLY_MAX 4096
#define NO_TAG HUNT_TAGS
#define SHOWN_MAX 3u

/* ---- write ---- */

static int write_file(const char *path, const struct zone *zone)
{
	FILE *out = fopen(path, "we");
	int err = out ? hunt_dump(zone, out) : -errno;

	if (out && fclose(out) && !err)
		err = -errno;
	return err;
}

static int put_zone(const char *folder, const struct hunt_zone *of, unsigned int tag)
{
	char path[512], aside[512];
	struct zone *zone;
	int err;

	(void)snprintf(path, sizeof(path), "%s/%s.zone", folder, of->apex);
	(void)snprintf(aside, sizeof(aside), "%s/.%s.zone", folder, of->apex);
	if (!hunt_has_zone(of, tag))
		return unlink(path) && errno != ENOENT ? -errno : 0;
	zone = hunt_make(of, tag);
	err = zone ? write_file(aside, zone) : -ENOMEM;
	if (!err && rename(aside, path))
		err = -errno;
	zone_free(zone);
	return err;
}

static int write_all(const char *folder, unsigned int tag)
{
	int err = 0;

	for (size_t i = 0; i < hunt_zones && !err; i++)
		err = put_zone(folder, &hunt_zone[i], tag);
	if (err)
		fprintf(stderr, "hunt: %s: %s\n", folder, strerror(-err));
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- ask ---- */

struct asker {
	int fd;
	struct hunt_question *question;
	size_t n;
	unsigned int wanted; /* NO_TAG: any that is not older than one seen of the zone */
	unsigned int *seen;  /* by zone; NO_TAG: none yet */
	uint64_t answers, unanswered, faults[HUNT_FAULTS];
	unsigned int shown;
};

static int open_socket(const char *address)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &server.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    connect(fd, (const struct sockaddr *)&server, sizeof(server))) {
		perror("hunt: socket");
		return -1;
	}
	return fd;
}

/* Length of the reply, 0: none came. */
static size_t exchange(const struct asker *a, const struct hunt_question *q, uint8_t *reply)
{
	static uint16_t id;
	uint8_t query[sizeof(q->msg)];
	ssize_t len;

	memcpy(query, q->msg, q->len);
	id++;
	memcpy(query, &id, sizeof(id));
	if (send(a->fd, query, q->len, 0) < 0)
		return 0;
	do
		len = recv(a->fd, reply, REPLY_MAX, 0);
	while (len >= (ssize_t)sizeof(id) && memcmp(reply, &id, sizeof(id)) != 0);
	return len < 0 ? 0 : (size_t)len;
}

static bool is_in_time(struct asker *a, const struct hunt_question *q, unsigned int tag)
{
	unsigned int *seen = &a->seen[q->zone];

	if (a->wanted != NO_TAG)
		return tag == a->wanted;
	if (q->is_of_two)
		return true;
	if (*seen != NO_TAG && tag < *seen)
		return false;
	*seen = tag;
	return true;
}

static void ask(struct asker *a, const struct hunt_question *q)
{
	uint8_t reply[REPLY_MAX];
	size_t len = exchange(a, q, reply);
	enum hunt_fault fault;
	unsigned int tag;

	if (!len) {
		a->unanswered++;
		printf("# %s: no reply\n", q->text);
		return;
	}
	fault = hunt_judge(q, reply, len, &tag);
	if (!fault && !is_in_time(a, q, tag))
		fault = HUNT_STALE;
	a->answers++;
	a->faults[fault]++;
	if (!fault || a->shown++ >= SHOWN_MAX)
		return;
	printf("# %s: an answer %s\n", q->text, hunt_fault_text(fault));
	hunt_print(stdout, reply, len);
}

static void ask_all(struct asker *a)
{
	for (size_t i = 0; i < a->n; i++)
		ask(a, &a->question[i]);
}

static int start(struct asker *a, const char *address)
{
	a->wanted = NO_TAG;
	a->question = hunt_questions(&a->n);
	a->seen = calloc(hunt_zones, sizeof(*a->seen));
	for (size_t i = 0; a->seen && i < hunt_zones; i++)
		a->seen[i] = NO_TAG;
	a->fd = open_socket(address);
	return a->question && a->seen && a->fd >= 0 ? 0 : -1;
}

/* "1234 answers, 0 of two versions, ..." */
static int tell(struct asker *a)
{
	printf("%ju answers, %ju unanswered", (uintmax_t)a->answers, (uintmax_t)a->unanswered);
	for (int fault = HUNT_RIGHT + 1; fault < HUNT_FAULTS; fault++)
		printf(", %ju %s", (uintmax_t)a->faults[fault], hunt_fault_text(fault));
	printf("\n");
	free(a->question);
	free(a->seen);
	close(a->fd);
	return a->answers && a->answers == a->faults[HUNT_RIGHT] && !a->unanswered ? EXIT_SUCCESS
										   : EXIT_FAILURE;
}

int hunt_ask_main(int argc, char **argv)
{
	struct asker a = { .fd = -1 };

	if (argc == 4 && strcmp(argv[1], "write") == 0)
		return write_all(argv[2], (unsigned int)atoi(argv[3]));
	if (argc < 3 || start(&a, argv[2]))
		return 2;
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		a.wanted = (unsigned int)atoi(argv[3]);
	if (argc == 4 && strcmp(argv[1], "watch") == 0) {
		while (access(argv[3], F_OK))
			ask_all(&a);
	} else {
		ask_all(&a);
	}
	return tell(&a);
}
