// SPDX-License-Identifier: GPL-2.0
/*
 * Files of commands. What flows they add fits into the messages that are made
 * of them.
 */
#include "batch.h"
#include "cli.h"
#include "flowmsg.h"
#include "registry.h"
#include "text.h"

/* Behind flow.h, which says why. */
#include <netlink/msg.h>

static struct cli *the_cli(void)
{
	static struct cli cli;

	if (cli.err)
		return &cli;
	cli.err = fopen("/dev/null", "we");
	require(cli.err);
	require(!cli_init(&cli, cli.err, cli.err));
	return &cli;
}

static void check_spec(const struct flow_spec *spec)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + FLOWMSG_SIZE);

	require(msg && nlmsg_put(msg, 0, 0, 0, 0, 0));
	require(!flowmsg_put_spec(msg, spec));
	nlmsg_free(msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct batch batch = { .name = "fuzz" };
	char *text = malloc(size + 1);
	size_t i;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (!batch_parse(&batch, the_cli(), text, size))
		for (i = 0; i < batch.n; i++)
			if (batch.lines[i].request.command->run_many)
				check_spec(&batch.lines[i].request.spec);
	batch_exit(&batch);
	free(text);
	return 0;
}
