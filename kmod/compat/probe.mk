# SPDX-License-Identifier: GPL-2.0
# What this kernel's headers offer, found by compiling one small file for each
# question with the kernel's own flags. A version number would not tell:
# distributions bring new interfaces to old kernels.
#
# HAVE_<NAME> is defined if compat/probe/<name>.c compiles.

probe-cc = $(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) \
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

scitag-probes := inet_lookup_hashinfo ipv6_jumbo_header
ccflags-y += $(foreach p,$(scitag-probes),$(if $(filter y,$(call probe,$(p))),-DHAVE_$(shell echo $(p) | tr a-z A-Z)))
endif
endif
