/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of the configuration in the kernel, where they are all there are.
 */
#ifndef SCITAGD_RULES_H
#define SCITAGD_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct config_rule;
struct genl;

struct rules {
	uint32_t *ids; /* that they have in the kernel, as they are there */
	const struct config_rule **of; /* what they are, in the same order */
	size_t n; /* 0: none is in force */
};

/*
 * Put those of config in the place of all that the kernel has; if there are
 * none, take those away that were put there. What goes wrong is logged. config
 * is used until this is called again, or rules_forget().
 */
void rules_apply(struct rules *rules, const struct config *config,
		 struct genl *genl);

/* Take them away, if nobody has put others in their place. */
void rules_withdraw(struct rules *rules, struct genl *genl);

/* They are gone with the module. */
void rules_forget(struct rules *rules);

/* The rule of this number, or NULL: it is of somebody else. */
const struct config_rule *rules_find(const struct rules *rules, uint32_t id);

#endif /* SCITAGD_RULES_H */
