// SPDX-License-Identifier: GPL-2.0
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "genl.h"
#include "log.h"

/* What is there is compared with what was put there. */
struct comparison {
	struct rules *rules;
	size_t n; /* rules that were seen */
	bool differs;
};

void rules_forget(struct rules *rules)
{
	free(rules->ids);
	free(rules->of);
	*rules = (struct rules){ .n = 0 };
}

/* The kernel gives numbers in the order in which it looks at them. */
static int note_id(const struct rule_state *state, void *data)
{
	struct comparison *c = data;

	if (c->n < c->rules->n)
		c->rules->ids[c->n] = state->id;
	c->n++;
	return 0;
}

static int compare_id(const struct rule_state *state, void *data)
{
	struct comparison *c = data;

	c->differs |= c->n >= c->rules->n || c->rules->ids[c->n] != state->id;
	c->n++;
	return 0;
}

static int compare_priority(const void *a, const void *b)
{
	const struct config_rule *const *x = a, *const *y = b;

	if ((*x)->spec.priority != (*y)->spec.priority)
		return (*x)->spec.priority < (*y)->spec.priority ? -1 : 1;
	return *x < *y ? -1 : 1;
}

static struct rule_spec *new_specs(const struct config *config)
{
	struct rule_spec *specs = calloc(config->n_rules, sizeof(*specs));
	size_t i;

	for (i = 0; specs && i < config->n_rules; i++) {
		struct flow_spec *flow = &specs[i].flow;

		specs[i] = config->rules[i].spec;
		flow->key.protocol = specs[i].protocol;
		flow->mark = config->marks;
		flow->layout = config->layout;
		flow->option_type = config->option_type;
		flow->snapshot_interval = config->period_s * 1000;
	}
	return specs;
}

/* The numbers of those that were put there just now. */
static int learn(struct rules *rules, const struct config *config,
		 struct genl *genl)
{
	struct comparison c = { .rules = rules };
	size_t i;

	rules->ids = calloc(config->n_rules, sizeof(*rules->ids));
	rules->of = calloc(config->n_rules, sizeof(*rules->of));
	if (!rules->ids || !rules->of)
		return -ENOMEM;
	rules->n = config->n_rules;
	for (i = 0; i < rules->n; i++)
		rules->of[i] = &config->rules[i];
	qsort(rules->of, rules->n, sizeof(struct config_rule *),
	      compare_priority);
	return genl_rule_dump(genl, note_id, &c);
}

void rules_apply(struct rules *rules, const struct config *config,
		 struct genl *genl)
{
	struct rule_spec *specs;
	size_t bad;
	int ret;

	if (!config->n_rules) {
		rules_withdraw(rules, genl);
		return;
	}
	rules_forget(rules);
	specs = new_specs(config);
	ret = specs ? genl_rule_set(genl, specs, config->n_rules, &bad) :
		      -ENOMEM;
	free(specs);
	if (ret && bad < config->n_rules)
		log_err("rules: the kernel takes none, for the sake of number %zu: %s",
			bad + 1, genl_error(genl));
	else if (ret)
		log_err("rules: the kernel takes none: %s", genl_error(genl));
	else
		ret = learn(rules, config, genl);
	if (ret)
		rules_forget(rules);
	else
		log_info("rules: %zu are in force", rules->n);
}

void rules_withdraw(struct rules *rules, struct genl *genl)
{
	struct comparison c = { .rules = rules };
	size_t bad;

	if (!rules->n)
		return;
	if (genl_rule_dump(genl, compare_id, &c) || c.differs ||
	    c.n != rules->n)
		log_notice("rules: others are in force, and stay");
	else if (genl_rule_set(genl, NULL, 0, &bad))
		log_err("rules: they stay in force: %s", genl_error(genl));
	rules_forget(rules);
}

const struct config_rule *rules_find(const struct rules *rules, uint32_t id)
{
	size_t i;

	for (i = 0; i < rules->n; i++)
		if (rules->ids[i] == id)
			return rules->of[i];
	return NULL;
}
