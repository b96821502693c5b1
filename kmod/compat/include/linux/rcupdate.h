/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCITAG_COMPAT_LINUX_RCUPDATE_H
#define SCITAG_COMPAT_LINUX_RCUPDATE_H

#include_next <linux/rcupdate.h>

/* Linux 5.5 */
#ifndef rcu_replace_pointer
#define rcu_replace_pointer(rcu_ptr, ptr, c)				\
({									\
	typeof(ptr) __old = rcu_dereference_protected((rcu_ptr), (c));	\
									\
	rcu_assign_pointer((rcu_ptr), (ptr));				\
	__old;								\
})
#endif

#endif /* SCITAG_COMPAT_LINUX_RCUPDATE_H */
