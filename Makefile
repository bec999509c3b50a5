# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make                the three programs, in build/
#   make demo           installs what is missing, builds, and shows it at work
#   make demo-shell     the same, and leaves it running below a shell
#   make test           installs what is missing, builds, runs every test
#   make soak           10 M questions to other name servers and to us (SOAK_QUESTIONS), in hours
#   make check          the checks that need no run: format, seam, headers, man pages
#   make hunt           the torn-answer hunt (HUNT_ANSWERS) and dnsboltd killed in the midst (HUNT_KILLS), at length
#   make test-kernels   the BPF programs on other kernels, in qemu
#   make fuzz           libFuzzer on every target, FUZZ_SECONDS each
#   make bench          what answers cost, beside a reflector and other servers, in 10 minutes (root; build/bench.json)
#   make bench-full     the same at length, with a million names
#   make bench-compare OLD.json   what changed since
#   make bench-scale    large zones, and many: load, memory, one change, beside knotd and nsd (root)
#   make asan           the three programs with ASan and UBSan, in build/san/
#   make format         clang-format over the tree
#   make deps           installs the packages that are missing (Debian, root)
#   make install        below DESTDIR and PREFIX
#   make clean
#
# V=1 shows the commands, CC=clang takes clang, B=dir builds elsewhere. The recipes which call make again do so
# because `make deps` has to be through before pkg-config is asked.

VERSION := 0.1.0
PREFIX ?= /usr
SYSCONFDIR ?= /etc
FUZZ_SECONDS ?= 60
HUNT_ANSWERS ?= 10000000
HUNT_KILLS ?= 200
B ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
JOBS ?= $(shell nproc)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))
again = +$(Q)$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))
once = $(eval $(1) := $$(shell $(2)))$($(1))

# ---- sources ----
DAEMON_SRC := $(wildcard loader/*.c loader/*/*.c)
RESOLVER_SRC := $(wildcard userspace/resolver/*.c)
CTL_SRC := $(wildcard tools/dnsboltctl/*.c)
COMMON_SRC := $(wildcard userspace/lib/*.c)
BPF_SRC := $(wildcard bpf/*.bpf.c)
BED_SRC := $(wildcard tests/bed/*.bpf.c)
SCALE_SRC := $(wildcard tools/bench/scale*.c)
BENCH_SRC := $(wildcard tools/bench/bench*.c)
BENCH_BPF := $(wildcard tools/bench/*.bpf.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
HELP_SRC := $(wildcard tests/lib/*.c) $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
# Folders of tests that are one program each; those of SAN_DIRS have ASan and UBSan in it.
TEST_DIRS := budget compare hunt limits packets progrun
SAN_DIRS := packets
LIB_SRC := $(filter-out %/main.c,$(DAEMON_SRC) $(RESOLVER_SRC) $(CTL_SRC)) $(COMMON_SRC)

PROGRAMS := dnsboltd dnsbolt-resolver dnsboltctl
SKELETONS := $(BPF_SRC:bpf/%.bpf.c=$(B)/bpf/%.skel.h)
BENCH_SKELETONS := $(BENCH_BPF:%.bpf.c=$(B)/%.skel.h)
UNITS := $(UNIT_SRC:%.c=$(B)/%)
REPLAYS := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(B)/tests/fuzz/replay_%)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
BEDS := $(BED_SRC:tests/bed/%.c=$(B)/tests/bed/%.o)
MAN := $(wildcard loader/*.[1-8] userspace/*.[1-8] userspace/*/*.[1-8] tools/*/*.[1-8])

# ABI_TEST=N: as if this were of another version of bpf/abi.h, for the test of an upgrade
ABI = $(if $(ABI_TEST),-DDNSBOLT_ABI_TEST=$(ABI_TEST)u)

# ---- flags; CFLAGS and LDFLAGS stay the caller's ----
PKGS := libbpf libxdp libknot libdnssec libzscanner libuv libcyaml yaml-0.1 jansson libmicrohttpd libcap
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(PKGS) cmocka)
LIBS = $(call once,LIBS,pkg-config --libs $(PKGS))
MULTIARCH = $(call once,MULTIARCH,gcc -print-multiarch)
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
WARN_CLANG := -Wno-gnu-variable-sized-type-not-at-end # gcc takes them without a word
COMMON = -std=gnu11 -D_GNU_SOURCE -DDNSBOLT_VERSION='"$(VERSION)"' $(WARN) $(if $(findstring clang,$(CC)),$(WARN_CLANG)) \
	-I. -isystem $(B)/bpf -isystem $(B)/tools/bench $(PKG_CFLAGS) $(ABI)
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
NATIVE = $(COMMON) $(HARDEN) $(CFLAGS)
LINK := -pie -Wl,-z,relro,-z,now,--as-needed
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g
SAN_LINK := $(SAN) -Wl,--as-needed
# gcc sees truncations and uninitialised values that are none when it instruments
SAN_CC := $(SAN) $(if $(findstring clang,$(CC)),,-Wno-format-truncation -Wno-maybe-uninitialized)
BPF_FLAGS = -target bpf -mcpu=v3 -O2 -g -fno-strict-aliasing -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -Ibpf -I/usr/include/$(MULTIARCH) $(ABI)

.PHONY: all tests check test soak hunt other-abi demo demo-shell test-kernels fuzz bench bench-full bench-compare bench-scale asan install clean deps format
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS:%=$(B)/%)
tests: all $(UNITS) $(REPLAYS) $(BEDS) $(TEST_DIRS:%=$(B)/tests/%.run) $(B)/tests/hunt-blind.run $(B)/tools/bench/bench other-abi

deps:
	$(Q)tools/deps.sh

test: deps
	$(again) tests
	$(Q)B=$(B) tests/run

soak: deps
	$(again) $(B)/tests/compare.run
	$(Q)B=$(B) tests/compare/soak.sh

hunt: deps
	$(again) tests
	$(Q)B=$(B) HUNT_ANSWERS=$(HUNT_ANSWERS) HUNT_KILLS=$(HUNT_KILLS) TIME_LIMIT=7200 tests/run hunt

demo demo-shell: deps
	$(again) all $(BEDS)
	$(Q)B=$(B) tools/lab/demo.sh $(if $(filter demo-shell,$@),--shell)

check: $(SKELETONS) $(BENCH_SKELETONS)
	$(Q)CC='$(CC)' CLANG='$(CLANG) $(WARN_CLANG)' NATIVE='$(subst ','\'',$(COMMON))' BPF='$(BPF_FLAGS)' tests/check.sh

test-kernels: deps
	$(again) tests
	$(Q)B=$(B) tests/run kernels

fuzz: $(FUZZERS)
	$(Q)B=$(B) tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)

asan: $(PROGRAMS:%=$(B)/san/%)

format:
	$(Q)find bpf loader userspace tools tests -name '*.[ch]' -exec clang-format-14 -i {} +

clean:
	$(Q)rm -rf $(B)

# ---- BPF: object, then skeleton ----
compile_bpf = $(call say,BPF,$@)$(newline)$(Q)mkdir -p $(@D)$(newline)$(Q)$(CLANG) $(BPF_FLAGS) $(1) -MD -MP -c $< -o $@
$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call compile_bpf)
$(B)/tests/bed/%.bpf.o: tests/bed/%.bpf.c
	$(call compile_bpf)
$(B)/tools/bench/%.bpf.o: tools/bench/%.bpf.c
	$(call compile_bpf)
$(B)/blind/bpf/%.bpf.o: bpf/%.bpf.c
	$(call compile_bpf,$(BLIND))

%.skel.h: %.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst .,_,$(*F))_bpf > $@

# ---- C: plain, with sanitizers, for libFuzzer ----
compile = $(call say,CC,$@)$(newline)$(Q)mkdir -p $(@D)$(newline)$(Q)
define newline


endef

$(B)/obj/%.o: %.c | $(SKELETONS)
	$(compile)$(CC) $(NATIVE) -MD -MP -c $< -o $@

$(B)/san/obj/%.o: %.c | $(SKELETONS)
	$(compile)$(CC) $(COMMON) $(SAN_CC) -MD -MP -c $< -o $@

$(B)/fuzz/obj/%.o: %.c | $(SKELETONS)
	$(compile)$(CLANG) $(COMMON) $(WARN_CLANG) $(SAN) -fsanitize=fuzzer-no-link -MD -MP -c $< -o $@

# ---- programs ----
dnsboltd_SRC := $(DAEMON_SRC) $(COMMON_SRC)
dnsbolt-resolver_SRC := $(RESOLVER_SRC) $(COMMON_SRC)
dnsboltctl_SRC := $(CTL_SRC) $(COMMON_SRC)

define program
$(B)/$(1): $($(1)_SRC:%.c=$(B)/obj/%.o)
	$$(call say,LINK,$$@)
	$(Q)$$(CC) $$(CFLAGS) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
$(B)/san/$(1): $($(1)_SRC:%.c=$(B)/san/obj/%.o)
	$$(call say,LINK,$$@)
	$(Q)$$(CC) $$(SAN) $$(LDFLAGS) -Wl,--as-needed -o $$@ $$^ $$(LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# ---- tests: what a test defines itself takes the place of the archive's member ----
$(B)/libdnsbolt.a: $(patsubst %.c,$(B)/obj/%.o,$(HELP_SRC) $(LIB_SRC))
$(B)/san/libdnsbolt.a: $(patsubst %.c,$(B)/san/obj/%.o,$(HELP_SRC) $(LIB_SRC))
$(B)/fuzz/libdnsbolt.a: $(patsubst %.c,$(B)/fuzz/obj/%.o,$(HELP_SRC) $(LIB_SRC))
%/libdnsbolt.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/tests/unit/%: $(B)/san/obj/tests/unit/%.o $(B)/san/libdnsbolt.a
	$(compile)$(CC) $(SAN_LINK) -o $@ $^ $(LIBS) -lcmocka

$(B)/tests/fuzz/replay_%: $(B)/san/obj/tests/fuzz/fuzz_%.o $(B)/san/obj/tests/fuzz/replay.o $(B)/san/libdnsbolt.a
	$(compile)$(CC) $(SAN_LINK) -o $@ $^ $(LIBS)

$(B)/fuzz/fuzz_%: $(B)/fuzz/obj/tests/fuzz/fuzz_%.o $(B)/fuzz/libdnsbolt.a
	$(compile)$(CLANG) $(SAN) -fsanitize=fuzzer -Wl,--as-needed -o $@ $^ $(LIBS)

define test_dir
$(B)/tests/$(1).run: $(patsubst %.c,$(B)/$(2)obj/%.o,$(wildcard tests/$(1)/*.c)) $(B)/$(2)libdnsbolt.a
	$$(compile)$$(CC) $(3) -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(filter-out $(SAN_DIRS),$(TEST_DIRS)),$(eval $(call test_dir,$(d),,$$(CFLAGS) $$(LINK))))
$(foreach d,$(SAN_DIRS),$(eval $(call test_dir,$(d),san/,$$(SAN_LINK))))

# The hunt over a core that takes every node for visible, in the driver and natively: it must find what that lets through.
BLIND := -DTEST_NO_VERSION_CHECK
BLIND_SRC := $(wildcard tests/hunt/*.c) tests/lib/harness.c userspace/lib/core.c
$(B)/blind/obj/%.o: %.c | $(B)/blind/bpf/dnsbolt.skel.h $(SKELETONS)
	$(compile)$(CC) $(BLIND) -isystem $(B)/blind/bpf $(NATIVE) -MD -MP -c $< -o $@
$(B)/tests/hunt-blind.run: $(BLIND_SRC:%.c=$(B)/blind/obj/%.o) $(B)/libdnsbolt.a
	$(compile)$(CC) $(CFLAGS) $(LINK) -o $@ $^ $(LIBS)

# The daemon and its resolver once more, for tests/e2e/upgrade.sh.
other-abi:
	+$(Q)$(MAKE) -s --no-print-directory B=$(B)/abi ABI_TEST=999 $(B)/abi/dnsboltd $(B)/abi/dnsbolt-resolver

$(BENCH_SRC:%.c=$(B)/obj/%.o): | $(BENCH_SKELETONS)
$(B)/tools/bench/bench: $(BENCH_SRC:%.c=$(B)/obj/%.o) $(B)/libdnsbolt.a
	$(compile)$(CC) $(CFLAGS) $(LINK) -o $@ $^ $(LIBS) -lm

$(B)/tools/bench/scale: $(SCALE_SRC:%.c=$(B)/obj/%.o) $(B)/libdnsbolt.a
	$(compile)$(CC) $(CFLAGS) $(LINK) -o $@ $^ $(LIBS)

bench bench-full:
	$(Q)tools/deps.sh bench
	$(again) all $(BEDS) $(B)/tools/bench/bench $(B)/tests/budget.run
	$(Q)B=$(B) $(if $(filter bench-full,$@),BENCH_FULL=1) tools/bench/bench.sh

bench-compare:
	$(Q)tools/bench/report.py --compare $(filter %.json,$(MAKECMDGOALS)) $(B)/bench.json

bench-scale: $(B)/tools/bench/scale
	$(Q)B=$(B) tools/bench/scale.sh

# ---- installation ----
I = install -D -m
install: all
	$(I) 755 $(B)/dnsboltd $(DESTDIR)$(PREFIX)/sbin/dnsboltd
	$(I) 755 $(B)/dnsbolt-resolver $(DESTDIR)$(PREFIX)/sbin/dnsbolt-resolver
	$(I) 755 $(B)/dnsboltctl $(DESTDIR)$(PREFIX)/bin/dnsboltctl
	$(Q)set -e; for m in $(MAN); do $(I) 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	$(I) 644 tools/packaging/dnsboltd.service $(DESTDIR)$(PREFIX)/lib/systemd/system/dnsboltd.service
	$(I) 644 tools/packaging/dnsbolt.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/dnsbolt.conf
	$(I) 644 tools/packaging/dnsboltctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dnsboltctl
	$(I) 644 tools/packaging/dnsboltd.conf $(DESTDIR)$(PREFIX)/share/doc/dnsbolt/dnsboltd.conf.example
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/dnsbolt/zones

-include $(shell find $(B) -name '*.d' 2>/dev/null)
