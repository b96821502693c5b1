// SPDX-License-Identifier: GPL-2.0
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "genl.h"
#include "output.h"
#include "registry.h"

int cli_init(struct cli *cli, FILE *out, FILE *err)
{
	memset(cli, 0, sizeof(*cli));
	cli->err = err;
	cli->out = output_new(out);
	if (!cli->out)
		return cli_fail(cli, CLI_REFUSED, "%s", strerror(ENOMEM));
	return CLI_OK;
}

void cli_exit(struct cli *cli)
{
	output_free(cli->out);
	registry_free(cli->registry);
	genl_free(cli->genl);
}

int cli_fail(struct cli *cli, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cli->error, sizeof(cli->error), format, args);
	va_end(args);
	return status;
}

const struct registry *cli_registry(struct cli *cli)
{
	char error[REGISTRY_ERROR_MAX];
	int ret;

	if (cli->registry_tried)
		return cli->registry;
	cli->registry_tried = true;
	ret = registry_load(&cli->registry, cli->registry_path, error);
	if (!ret)
		return cli->registry;
	snprintf(cli->registry_error, sizeof(cli->registry_error), "%s", error);
	cli->registry_bad = ret != -ENOENT || getenv("SCITAG_REGISTRY");
	return NULL;
}

void cli_warn_registry(const struct cli *cli)
{
	if (cli->registry_bad)
		fprintf(cli->err, "warning: %s\n", cli->registry_error);
}

static int status_of(int ret)
{
	switch (ret) {
	case 0:
		return CLI_OK;
	case -ENOPROTOOPT:
		return CLI_NO_MODULE;
	default:
		return CLI_REFUSED;
	}
}

int cli_connect(struct cli *cli)
{
	int ret;

	if (cli->genl)
		return CLI_OK;
	ret = genl_new(&cli->genl);
	if (ret)
		return cli_fail(cli, status_of(ret), "%s", genl_strerror(ret));
	return CLI_OK;
}

int cli_genl_status(struct cli *cli, int ret)
{
	snprintf(cli->warning, sizeof(cli->warning), "%s",
		 genl_warning(cli->genl));
	if (!ret)
		return CLI_OK;
	return cli_fail(cli, status_of(ret), "%s", genl_error(cli->genl));
}
