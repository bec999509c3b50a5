#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
#     deps.sh [bench]
#
# Installs the Debian packages that building, testing and the demo need and that are not there; with `bench` those of the
# benchmark's peers too. Quick when nothing is missing; apt-get update only when the lists at hand do not do. Servers among
# them (nsd, for comparison) are neither started nor enabled: this machine may be a DNS host.
set -euo pipefail

build="gcc libc6-dev make pkg-config clang llvm bpftool linux-libc-dev libbpf-dev libxdp-dev libknot-dev
	libuv1-dev libcyaml-dev libyaml-dev libjansson-dev libmicrohttpd-dev libcap-dev libbsd-dev libcmocka-dev"
check="clang-format mandoc git"
# knot-dnsutils: kdig, whose cookies are not dig's; unbound, knot-resolver: resolvers that are none of BIND's
tests="iproute2 ethtool procps util-linux bind9-dnsutils dnsperf nsd knot bind9 bind9-utils ldnsutils knot-dnssecutils knot-dnsutils
	unbound knot-resolver tcpdump curl jq
	python3-dnspython python3-cryptography
	libclang-rt-14-dev"
kernels="qemu-system-x86 busybox-static cpio xz-utils"
bench="python3 pdns-server pdns-backend-bind"
servers="nsd:nsd knot:knot bind9:named pdns-server:pdns unbound:unbound knot-resolver:kresd.target" # package:unit

policy=/usr/sbin/policy-rc.d
log=

missing_packages()
{
	local p

	for p in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# While this file is there no package's script starts a service (Debian policy 9.3.3).
hold_services()
{
	[ ! -e $policy ] || return 0
	printf '#!/bin/sh\n# by dnsbolt, make deps\nexit 101\n' > $policy
	chmod 755 $policy
}

clean_up()
{
	! grep -q 'by dnsbolt, make deps' $policy 2>/dev/null || rm -f $policy
	rm -f "$log"
}

install_packages()
{
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" < /dev/null > "$log" 2>&1
}

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
	echo "deps: this is no Debian: the packages to have are listed in $0" >&2
	exit 0
fi

[ "${1:-}" = bench ] || bench=
# shellcheck disable=SC2086
mapfile -t missing < <(missing_packages $build $check $tests $kernels $bench)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "deps: these packages are missing: run as root: apt-get install ${missing[*]}" >&2
	exit 1
fi

log=$(mktemp)
trap clean_up EXIT
trap 'exit 130' INT TERM
echo "deps: installing ${missing[*]}"
hold_services
if ! install_packages "${missing[@]}"; then
	echo "deps: apt-get update, and again"
	apt-get update -q < /dev/null > "$log" 2>&1 || true
	install_packages "${missing[@]}" || { tail -40 "$log" >&2; exit 1; }
fi
for s in $servers; do
	[[ " ${missing[*]} " != *" ${s%:*} "* ]] || systemctl disable "${s#*:}" > /dev/null 2>&1 || true
done
