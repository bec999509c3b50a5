#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGTERM and the three values of on-exit.
. "$(dirname "$0")/../bed/bed.sh"
bed_up exit
bed_zones

attached() { bed_server ip -d link show eth0 | grep -q 'prog/xdp'; }
pinned() { find "$BED_PIN" -type f 2> /dev/null | grep -q .; }
answered() { bed_client dig +short +tries=1 +time=1 @$SERVER4 www.example.com AAAA | grep -qv "^;"; }

bed_config "on-exit: detach"
bed_must_start
holds "detach: attached while it runs" attached
bed_stop
if attached; then not_ok "detach: off the interface"; else ok "detach: off the interface"; fi
if pinned; then not_ok "detach: no pins are left" "$(find "$BED_PIN")"; else ok "detach: no pins are left"; fi
if answered; then not_ok "detach: nobody answers"; else ok "detach: nobody answers"; fi

bed_config "on-exit: stay"
bed_must_start
bed_stop
holds "stay: still on the interface" attached
holds "stay: the driver answers" answered
bed_must_start
is "stay: adopted at the next start" "$(bed_ctl -j status | jq .adopted)" true
bed_stop

bed_config "on-exit: disarm"
bed_must_start
asks "disarm: answers while it runs" "driver answer" @$SERVER4 www.example.com AAAA
bed_stop
holds "disarm: still on the interface" attached
bed_must_start
asks "disarm: armed again at the next start" "driver answer" @$SERVER4 www.example.com AAAA
bed_config "on-exit: detach"
bed_stop
bed_must_start
bed_stop
if attached; then not_ok "off the interface again"; else ok "off the interface again"; fi
exit $BED_FAILED
