# SPDX-License-Identifier: GPL-3.0-or-later
#
#   make                the three programs, in build/
#   make demo           installs what is missing, builds, and shows it at work
#   make demo-shell     the same, and leaves it running below a shell
#   make test           installs what is missing, builds, runs every test
#   make check          the checks that need no run: format, seam, headers, man pages
#   make test-kernels   the BPF programs on other kernels, in qemu
#   make fuzz           libFuzzer on every target, FUZZ_SECONDS each
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
BENCH_SRC := $(wildcard tools/bench/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
HELP_SRC := $(wildcard tests/lib/*.c) $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
# A folder of tests with C files in it is one program of the folder's name.
TEST_DIRS := $(patsubst tests/%/,%,$(sort $(dir $(wildcard tests/progrun/*.c tests/compare/*.c))))
LIB_SRC := $(filter-out %/main.c,$(DAEMON_SRC) $(RESOLVER_SRC) $(CTL_SRC)) $(COMMON_SRC)

PROGRAMS := dnsboltd dnsbolt-resolver dnsboltctl
SKELETONS := $(BPF_SRC:bpf/%.bpf.c=$(B)/bpf/%.skel.h)
UNITS := $(UNIT_SRC:%.c=$(B)/%)
REPLAYS := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(B)/tests/fuzz/replay_%)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
BEDS := $(BED_SRC:tests/bed/%.c=$(B)/tests/bed/%.o)
MAN := $(wildcard loader/*.[1-8] userspace/*.[1-8] userspace/*/*.[1-8] tools/*/*.[1-8])

# ---- flags; CFLAGS and LDFLAGS stay the caller's ----
PKGS := libbpf libxdp libknot libdnssec libzscanner libuv libcyaml yaml-0.1 jansson libmicrohttpd libcap
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(PKGS) cmocka)
LIBS = $(call once,LIBS,pkg-config --libs $(PKGS))
MULTIARCH = $(call once,MULTIARCH,gcc -print-multiarch)
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
WARN_CLANG := -Wno-gnu-variable-sized-type-not-at-end # gcc takes them without a word
COMMON = -std=gnu11 -D_GNU_SOURCE -DDNSBOLT_VERSION='"$(VERSION)"' $(WARN) $(if $(findstring clang,$(CC)),$(WARN_CLANG)) \
	-I. -isystem $(B)/bpf $(PKG_CFLAGS)
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
NATIVE = $(COMMON) $(HARDEN) $(CFLAGS)
LINK := -pie -Wl,-z,relro,-z,now,--as-needed
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g
# gcc sees truncations and uninitialised values that are none when it instruments
SAN_CC := $(SAN) $(if $(findstring clang,$(CC)),,-Wno-format-truncation -Wno-maybe-uninitialized)
BPF_FLAGS = -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -Ibpf -I/usr/include/$(MULTIARCH)

.PHONY: all tests check test demo demo-shell test-kernels fuzz bench-scale asan install clean deps format
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS:%=$(B)/%)
tests: all $(UNITS) $(REPLAYS) $(BEDS) $(TEST_DIRS:%=$(B)/tests/%.run)

deps:
	$(Q)tools/deps.sh

test: deps
	$(again) tests
	$(Q)B=$(B) tests/run

demo demo-shell: deps
	$(again) all $(BEDS)
	$(Q)B=$(B) tools/lab/demo.sh $(if $(filter demo-shell,$@),--shell)

check: $(SKELETONS)
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
$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MD -MP -c $< -o $@

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst .,_,$*)_bpf > $@

$(B)/tests/bed/%.bpf.o: tests/bed/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MD -MP -c $< -o $@

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
	$(compile)$(CC) $(SAN) -Wl,--as-needed -o $@ $^ $(LIBS) -lcmocka

$(B)/tests/fuzz/replay_%: $(B)/san/obj/tests/fuzz/fuzz_%.o $(B)/san/obj/tests/fuzz/replay.o $(B)/san/libdnsbolt.a
	$(compile)$(CC) $(SAN) -Wl,--as-needed -o $@ $^ $(LIBS)

$(B)/fuzz/fuzz_%: $(B)/fuzz/obj/tests/fuzz/fuzz_%.o $(B)/fuzz/libdnsbolt.a
	$(compile)$(CLANG) $(SAN) -fsanitize=fuzzer -Wl,--as-needed -o $@ $^ $(LIBS)

define test_dir
$(B)/tests/$(1).run: $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/$(1)/*.c)) $(B)/libdnsbolt.a
	$$(compile)$$(CC) $$(CFLAGS) $$(LINK) -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(TEST_DIRS),$(eval $(call test_dir,$(d))))

$(B)/tools/bench/scale: $(BENCH_SRC:%.c=$(B)/obj/%.o) $(B)/libdnsbolt.a
	$(compile)$(CC) $(CFLAGS) $(LINK) -o $@ $^ $(LIBS)

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
