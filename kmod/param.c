// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "param.h"

#include <asm/page.h>
#include <linux/errno.h>
#include <linux/kernel.h>

static int param_set(const char *val, const struct kernel_param *kp)
{
	struct scitag_param *param = kp->arg;
	unsigned int value;
	int err;

	err = kstrtouint(val, 0, &value);
	if (!err && (value < param->min || value > param->max))
		err = -ERANGE;
	if (err) {
		pr_err("%s must be %u to %u, not %s\n", param->name,
		       param->min, param->max, val);
		return err;
	}
	WRITE_ONCE(param->value, value);
	return 0;
}

static int param_get(char *buffer, const struct kernel_param *kp)
{
	const struct scitag_param *param = kp->arg;

	return scnprintf(buffer, PAGE_SIZE, "%u\n", READ_ONCE(param->value));
}

const struct kernel_param_ops scitag_param_ops = {
	.set = param_set,
	.get = param_get,
};
