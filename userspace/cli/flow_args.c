// SPDX-License-Identifier: GPL-2.0
#include "flow_args.h"

#include <string.h>

#include "args.h"
#include "cli.h"
#include "keywords.h"
#include "mark_args.h"
#include "number.h"

#define KEY_SET                                                 \
	(KW_BIT(KW_PROTO) | KW_BIT(KW_SRC) | KW_BIT(KW_SPORT) | \
	 KW_BIT(KW_DST) | KW_BIT(KW_DPORT))
#define SPEC_SET (KEY_SET | MARK_ARGS_SET | KW_BIT(KW_END_ON_CLOSE))
#define NAME_SET (KEY_SET | KW_BIT(KW_ID))

static int parse_addr(struct cli *cli, const struct keywords *keywords,
		      enum keyword keyword, struct addr *addr)
{
	if (addr_parse(addr, keywords->value[keyword]) == 0)
		return CLI_OK;
	return cli_fail(
		cli, CLI_USAGE,
		"%s: \"%s\" is not an IP address (ports and names go elsewhere)",
		keyword_name(keyword), keywords->value[keyword]);
}

static int parse_port(struct cli *cli, const struct keywords *keywords,
		      enum keyword keyword, uint16_t *port)
{
	if (port_parse(port, keywords->value[keyword]) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "%s: \"%s\" is not a port (1..65535)",
			keyword_name(keyword), keywords->value[keyword]);
}

static int parse_key(struct cli *cli, const struct keywords *keywords,
		     struct flow_key *key)
{
	int status;

	status = keywords_require(cli, keywords, KEY_SET);
	if (status)
		return status;
	memset(key, 0, sizeof(*key));
	if (protocol_parse(&key->protocol, keywords->value[KW_PROTO]))
		return cli_fail(cli, CLI_USAGE,
				"proto: \"%s\" is neither tcp nor udp",
				keywords->value[KW_PROTO]);
	status = parse_addr(cli, keywords, KW_SRC, &key->src);
	if (!status)
		status = parse_addr(cli, keywords, KW_DST, &key->dst);
	if (!status)
		status = parse_port(cli, keywords, KW_SPORT, &key->sport);
	if (!status)
		status = parse_port(cli, keywords, KW_DPORT, &key->dport);
	if (!status && key->src.family != key->dst.family)
		status = cli_fail(cli, CLI_USAGE,
				  "one of src and dst is IPv4, the other IPv6");
	return status;
}

int flow_args_spec(struct cli *cli, struct args *args, struct flow_spec *spec)
{
	struct keywords keywords;
	int status;

	status = keywords_take(cli, args, &keywords, SPEC_SET);
	if (!status)
		status = parse_key(cli, &keywords, &spec->key);
	if (!status)
		status = mark_args(cli, &keywords, spec);
	spec->end_on_close = keywords.value[KW_END_ON_CLOSE];
	return status;
}

static int parse_id(struct cli *cli, const char *keyword, const char *text,
		    uint32_t *id)
{
	uint64_t n;

	if (number_parse(&n, text, UINT32_MAX) || !n)
		return cli_fail(cli, CLI_USAGE,
				"%s: \"%s\" is not a number of 1..%u", keyword,
				text, UINT32_MAX);
	*id = n;
	return CLI_OK;
}

int flow_args_option(struct cli *cli, struct args *args, uint32_t *id)
{
	const char *text;

	if (!args_take_value(args, "--flow", &text))
		return CLI_OK;
	if (!text)
		return cli_fail(cli, CLI_USAGE,
				"--flow: write the id of a flow");
	return parse_id(cli, "--flow", text, id);
}

int flow_args_name(struct cli *cli, struct args *args, struct flow_key *key,
		   uint32_t *id)
{
	struct keywords keywords;
	const char *text;
	int status;

	*id = 0;
	status = keywords_take(cli, args, &keywords, NAME_SET);
	if (status)
		return status;
	if (!keywords_any(&keywords, NAME_SET))
		return cli_fail(
			cli, CLI_USAGE,
			"which flow? write id NUMBER, or proto, src, sport, dst and dport");
	text = keywords.value[KW_ID];
	if (!text)
		return parse_key(cli, &keywords, key);
	if (keywords_any(&keywords, KEY_SET))
		return cli_fail(
			cli, CLI_USAGE,
			"give an id, or proto, src, sport, dst and dport, not both");
	return parse_id(cli, "id", text, id);
}
