#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Boots Debian's own 6.1 kernel and the newest other one that this Debian has, each in qemu (TCG: no /dev/kvm and no root
# needed), with an initramfs made of this machine's programs and what was built. In there every BPF program is loaded and
# held to its budget; the vectors run, hostile packets (tests/packets), and the end-to-end tests named in init. Kernel packages are kept in $B/kernels. KERNELS: "6.1", "other" or both.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
KEEP=$B/kernels
WORK=$(mktemp -d)
qemu=() booted=()
trap 'rm -rf "$WORK"' EXIT
trap 'kill "${qemu[@]}" 2> /dev/null; exit 130' INT TERM HUP
# whose programs the guest gets
PACKAGES="bash dash coreutils findutils grep sed mawk procps util-linux mount iproute2 ethtool bind9-dnsutils
	dnsperf ldnsutils jq bpftool busybox-static"

give_up()
{
	echo "$1"
	exit 77
}

# package_of SERIES: the newest kernel package of 6.1, or of anything else
package_of()
{
	apt-cache pkgnames linux-image- |
		grep -E '^linux-image-[0-9.]+(-[0-9]+)?(\+[a-z]+[0-9]+)?-cloud-amd64$' |
		if [ "$1" = 6.1 ]; then grep '^linux-image-6\.1\.'; else grep -v '^linux-image-6\.1\.'; fi |
		sort -V | tail -n 1
}

# fetch SERIES: sets KERNEL to a folder with vmlinuz and modules
fetch()
{
	local package deb

	package=$(package_of "$1")
	[ -n "$package" ] || { [ "$(id -u)" != 0 ] || apt-get update -q > /dev/null 2>&1; package=$(package_of "$1"); }
	[ -n "$package" ] || return 1
	KERNEL=$KEEP/$package
	[ ! -e "$KERNEL/vmlinuz" ] || return 0
	mkdir -p "$WORK/deb" && rm -f "$WORK"/deb/*
	chmod 755 "$WORK" && chmod 777 "$WORK/deb" # apt-get downloads as _apt
	if ! (cd "$WORK/deb" && apt-get download -q "$package" > /dev/null 2>&1); then
		[ "$(id -u)" = 0 ] && apt-get update -q > /dev/null 2>&1
		package=$(package_of "$1")
		KERNEL=$KEEP/$package
		(cd "$WORK/deb" && apt-get download -q "$package" > /dev/null 2>&1) || return 1
	fi
	deb=$(echo "$WORK"/deb/*.deb)
	mkdir -p "$WORK/kernel" "$KEEP" && rm -rf "${WORK:?}/kernel" && mkdir "$WORK/kernel"
	dpkg-deb --fsys-tarfile "$deb" | tar x -C "$WORK/kernel" --wildcards './boot/vmlinuz*' \
		'./lib/modules/*/kernel/drivers/net/veth.ko*' './lib/modules/*/kernel/net/8021q/*' \
		'./lib/modules/*/kernel/net/802/*' './lib/modules/*/kernel/net/llc/*' \
		'./lib/modules/*/kernel/net/sched/cls_bpf.ko*' './lib/modules/*/kernel/net/sched/sch_ingress.ko*' ||
		return 1
	mkdir -p "$WORK/new/modules"
	mv "$WORK"/kernel/boot/vmlinuz* "$WORK/new/vmlinuz"
	find "$WORK/kernel/lib" -name '*.ko*' -exec mv {} "$WORK/new/modules/" \;
	! ls "$WORK/new/modules/"*.xz > /dev/null 2>&1 || xz -d "$WORK/new/modules/"*.xz
	mv "$WORK/new" "$KERNEL"
}

# add FILE...: copies them, and the libraries of programs, to the same place in the guest's root
add()
{
	local f

	for f in "$@"; do
		[ ! -e "$WORK/root$f" ] || continue
		mkdir -p "$WORK/root$(dirname "$f")"
		cp -L "$f" "$WORK/root$f"
		[ ! -x "$f" ] || ldd "$f" 2> /dev/null | grep -o '/[^ ]*' >> "$WORK/libs"
	done
}

make_root()
{
	local d programs

	mkdir -p "$WORK/root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,sys,dev,tmp,run,etc,root,var/lib,dnsbolt}
	for d in bin sbin lib lib64; do
		ln -s "usr/$d" "$WORK/root/$d"
	done
	# shellcheck disable=SC2086
	programs=$(dpkg -L $PACKAGES 2> /dev/null | grep -E '^(/usr)?/s?bin/[^/]+$' | sort -u)
	# shellcheck disable=SC2086
	add $programs /usr/bin/awk
	mkdir -p "$WORK/root/dnsbolt/$B"
	cp -r tests "$WORK/root/dnsbolt/"
	mkdir -p "$WORK/root/dnsbolt/tools" "$WORK/root/dnsbolt/bpf"
	cp -r tools/lab "$WORK/root/dnsbolt/tools/"
	cp bpf/reasons.h "$WORK/root/dnsbolt/bpf/"
	B=$B tests/fuzz/seeds.sh > /dev/null 2>&1
	for d in dnsboltd dnsbolt-resolver dnsboltctl bpf tests seeds; do
		[ ! -e "$B/$d" ] || cp -r "$B/$d" "$WORK/root/dnsbolt/$B/"
	done
	rm -rf "$WORK/root/dnsbolt/$B/tests/unit" "$WORK/root/dnsbolt/$B/tests/fuzz"
	for d in "$B"/dnsbolt* "$B"/tests/*.run; do
		ldd "$d" 2> /dev/null | grep -o '/[^ ]*' >> "$WORK/libs"
	done
	# what is opened at run time: libxdp's programs, and the name service
	add /usr/lib/*/bpf/*.o /lib/*/libnss_files.so.2 /etc/passwd /etc/group /etc/nsswitch.conf /etc/protocols /etc/services
	sort -u "$WORK/libs" > "$WORK/libs.all"
	while read -r d; do
		add "$d"
	done < "$WORK/libs.all"
	cp tests/kernels/init "$WORK/root/init"
	(cd "$WORK/root" && find . | cpio -o -H newc --quiet) > "$WORK/root.cpio"
}

# boot NAME KERNEL: in the background; its console goes to $WORK/NAME
boot()
{
	local initrd=$WORK/$1.initrd

	rm -rf "$WORK/modules" && mkdir "$WORK/modules"
	cp -r "$2/modules" "$WORK/modules/"
	(cd "$WORK/modules" && find modules | cpio -o -H newc --quiet) | cat "$WORK/root.cpio" - > "$initrd"
	# One thread for both CPUs: with one each, a CPU may still run the int3 by which the kernel patches a static key
	# (net_get_random_once in inet_ehashfn) when nobody waits for it any more, and the guest dies of it.
	timeout -k 5 "${BOOT_LIMIT:-600}" qemu-system-x86_64 -machine q35 -accel tcg,thread=single -cpu max -smp 2 -m 1024 -nographic \
		-no-reboot -net none -kernel "$2/vmlinuz" -initrd "$initrd" \
		-append "console=ttyS0 quiet loglevel=1 panic=-1 B=$B" < /dev/null > "$WORK/$1" 2>&1 &
	qemu+=($!)
}

# The guest's lines begin with a mark: what else is on the console is the firmware's and the kernel's.
report()
{
	local text=$WORK/text release

	tr -d '\r' < "$WORK/$1" > "$text"
	release=$(sed -n 's/^.*@@ release //p' "$text" | head -n 1)
	sed -n 's/^.*@@ //p' "$text" | grep -v '^release \|^done' |
		sed "s/^\(ok\|not ok\) - /\1 - ${release:-$1}: /"
	if ! grep -q '@@ done' "$text"; then
		echo "not ok - ${release:-$1}: the tests came to their end"
		tail -n 40 "$text" | sed 's/^/# /'
		return 1
	fi
	! grep -q '@@ not ok' "$text"
}

[ "$(dpkg --print-architecture 2> /dev/null)" = amd64 ] || give_up "only for amd64 so far"
command -v qemu-system-x86_64 > /dev/null || give_up "qemu-system-x86_64 is missing (make deps)"
command -v cpio > /dev/null || give_up "cpio is missing (make deps)"
make_root
status=0
for series in ${KERNELS:-6.1 other}; do
	if fetch "$series"; then
		boot "kernel-$series" "$KERNEL"
		booted+=("kernel-$series")
	else
		echo "ok - kernel $series # SKIP its package cannot be had from apt"
	fi
done
[ ${#booted[@]} -gt 0 ] || give_up "no kernel package can be had from apt"
wait "${qemu[@]}"
for name in "${booted[@]}"; do
	report "$name" || status=1
done
exit $status
