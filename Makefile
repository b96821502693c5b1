# SPDX-License-Identifier: GPL-2.0
# The front door; `make help` lists the targets. The module is built by the
# kernel's build system (Kbuild), the userspace by meson.

KDIR ?= /lib/modules/$(shell uname -r)/build
VERSION := $(shell cat VERSION)
PREFIX ?= /usr

all: module userspace

help:
	@echo 'make               build module and userspace'
	@echo 'make module        build scitag.ko (KDIR=... for another kernel, W=1 for more warnings)'
	@echo 'make userspace     build scitag and scitagd in build/userspace'
	@echo 'make check         unit tests with sanitizers: seconds, no root'
	@echo 'make lint          style and static checks; make format repairs the style'
	@echo 'make test          everything, the module in virtual machines included'
	@echo 'make demo          see it work in a virtual machine'
	@echo 'make bench         measure the cost of marking'
	@echo 'make install       module (dkms) and userspace; DESTDIR is honoured'
	@echo 'make dkms          the module alone'
	@echo 'make dist          the source as a tarball'
	@echo 'make packages      Debian packages and a source package for EL, in build/packages'
	@echo 'make test-packages install, upgrade and remove them; boot a machine with them'
	@echo 'make clean         remove what was built'

module:
	@test -e $(KDIR)/Makefile || { \
		echo "No kernel headers in $(KDIR): install those of your kernel, or give KDIR=..."; \
		exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

userspace: build/userspace/build.ninja
	ninja -C build/userspace

build/userspace/build.ninja:
	@command -v meson >/dev/null || { scripts/deps --check build; exit 1; }
	meson setup --prefix=$(PREFIX) build/userspace userspace || \
		{ scripts/deps --check build; exit 1; }

check:
	@scripts/check

lint:
	@scripts/lint

format:
	git ls-files -co --exclude-standard 'userspace/*.[ch]' 'tests/unit/*.[ch]' \
		'tests/fuzz/*.[ch]' 'tests/bench/*.[ch]' | xargs clang-format -i

test:
	@scripts/test

demo:
	@scripts/deps demo
	@scripts/demo

bench:
	@scripts/deps vm
	@scripts/bench

install: userspace dkms-source
	DESTDIR=$(DESTDIR) meson install -C build/userspace --no-rebuild
	$(if $(DESTDIR),,$(MAKE) dkms service-user)

# What packages do for units: user and directories of the service.
service-user:
	systemd-sysusers $(PREFIX)/lib/sysusers.d/scitag.conf
	systemd-tmpfiles --create $(PREFIX)/lib/tmpfiles.d/scitag.conf
	[ ! -d /run/systemd/system ] || systemctl daemon-reload

# What dkms builds from, wherever the package will be installed, and that the
# module is loaded at boot.
src := $(DESTDIR)/usr/src/scitag-$(VERSION)
dkms-source:
	install -D -m 644 scripts/modules-load.conf $(DESTDIR)/usr/lib/modules-load.d/scitag.conf
	install -d $(src)
	tar -c --exclude='*.o' --exclude='*.cmd' --exclude='*.mod*' Kbuild VERSION kmod include | \
		tar -x -C $(src)
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf >$(src)/dkms.conf

# KERNEL=... for another kernel than the one that runs.
dkms: dkms-source
	dkms status -m scitag -v $(VERSION) | grep -q . || dkms add -m scitag -v $(VERSION)
	dkms install --force -m scitag -v $(VERSION) $(if $(KERNEL),-k $(KERNEL))

dist:
	@scripts/dist

packages:
	@scripts/deps package
	@scripts/package deb
	@scripts/package rpm

test-packages:
	@scripts/deps package
	@tests/package/dist.sh
	@scripts/package test

clean:
	rm -rf build
	[ ! -e $(KDIR)/Makefile ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

.PHONY: all help module userspace check lint format test demo bench install \
	service-user dkms-source dkms dist packages test-packages clean
