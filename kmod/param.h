/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Module parameters that are whole numbers within a range.
 */
#ifndef SCITAG_PARAM_H
#define SCITAG_PARAM_H

#include <linux/moduleparam.h>

/**
 * struct scitag_param - such a parameter
 * @name: its name, for what is logged
 * @value: its value; read with READ_ONCE()
 * @min: smallest value
 * @max: largest value
 */
struct scitag_param {
	const char *name;
	unsigned int value;
	unsigned int min;
	unsigned int max;
};

extern const struct kernel_param_ops scitag_param_ops;

/* The value that a parameter has until somebody sets it. */
#define SCITAG_PARAM_INIT(_name, _default, _min, _max)	\
	{ .name = _name, .value = _default, .min = _min, .max = _max }

/* Can be set when the module is loaded, and later in sysfs. */
#define scitag_param(_name) \
	module_param_cb(_name, &scitag_param_ops, &_name, 0644)

#endif /* SCITAG_PARAM_H */
