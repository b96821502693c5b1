# SPDX-License-Identifier: GPL-2.0
# What this kernel's headers offer, found by compiling one small file for each
# question with the kernel's own flags. A version number would not tell:
# distributions bring new interfaces to old kernels.
#
# HAVE_<NAME> is defined if compat/probe/<name>.c compiles.

# The kernel's own headers, without the shadow headers before them.
probe-cc = $(CC) $(NOSTDINC_FLAGS) $(filter-out $(scitag-inc),$(LINUXINCLUDE)) \
	$(KBUILD_CPPFLAGS) \
	$(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) -DMODULE \
	-DKBUILD_MODNAME='"probe"' -DKBUILD_BASENAME='"probe"' \
	-Werror -fsyntax-only $(src)/kmod/compat/probe/$(1).c
probe = $(shell $(probe-cc) >/dev/null 2>&1 && echo y)

# Only where objects are compiled: not when kbuild cleans up (without a
# configuration) or links (without flags).
ifneq ($(and $(CONFIG_MODULES),$(KBUILD_CFLAGS)),)
ifndef scitag-probed
scitag-probed := y

# One probe must pass and one must fail, or the answers mean nothing.
ifneq ($(call probe,always_passes),y)
$(error kernel headers can't be compiled against: $(shell $(call probe-cc,always_passes) 2>&1 | head -5))
endif
ifeq ($(call probe,always_fails),y)
$(error feature probes can't tell: a probe that must fail was compiled)
endif
$(foreach option,CONFIG_IPV6 CONFIG_NETFILTER,$(if $($(option)),,$(error \
	this kernel was built without $(option), and scitag needs it)))
ifneq ($(call probe,minimum),y)
$(error this kernel is too old, Linux 5.3 or RHEL 8.3 is needed: $(shell $(call probe-cc,minimum) 2>&1 | grep error: | head -3))
endif

scitag-probes := genl_mcgrp_flags genl_ops_policy inet_lookup_hashinfo \
	ipv6_jumbo_header nla_reject_message
scitag-have := $(foreach p,$(scitag-probes),$(if $(filter y,$(call probe,$(p))),$(p)))
ccflags-y += $(foreach p,$(scitag-have),-DHAVE_$(shell echo $(p) | tr a-z A-Z))

ifneq ($(words $(filter genl_mcgrp_flags genl_ops_policy,$(scitag-have))),2)
scitag-y += kmod/compat/genl.o
endif
endif
endif
