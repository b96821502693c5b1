// SPDX-License-Identifier: GPL-2.0
#include "recent.h"

#include <stdio.h>
#include <syslog.h>
#include <time.h>

void recent_note(void *data, int level, const char *text)
{
	struct recent *recent = data;
	struct recent_message *message;
	char *p;

	if (level > LOG_WARNING)
		return;
	message = &recent->messages[recent->n++ % RECENT_MAX];
	message->level = level;
	message->time_s = time(NULL);
	snprintf(message->text, sizeof(message->text), "%s", text);
	/* Names and paths in it need not be UTF-8, and JSON has to be. */
	for (p = message->text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
}

const struct recent_message *recent_get(const struct recent *recent,
					size_t number)
{
	if (number >= recent->n || number >= RECENT_MAX)
		return NULL;
	return &recent->messages[(recent->n - 1 - number) % RECENT_MAX];
}
