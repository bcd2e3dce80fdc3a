# What the benchmarks share: two network namespaces joined by a cable, a server pinned to one processor, the load on the others.
# shellcheck shell=bash
# Sourced by Benchmarks/*/run, which set -euo pipefail and stand in the repository's root.

fail() { echo "error: $*" >&2; exit 1; }

[[ $(id -u) == 0 ]] || fail "network namespaces need root"

# need COMMAND PACKAGE
need() { command -v "$1" >/dev/null || fail "no $1; install Debian's $2"; }

release_build() {
    local bennu=${BENNU:-$PWD/.build/release/bennu}
    [[ -x $bennu ]] || fail "no $bennu; build it: swift build -c release --product bennu"
    echo "$bennu"
}

# Both sides go before whatever else the computer does, unless it is shared: NICENESS=19 leaves others alone, and is worth ratios only.
niceness=${NICENESS:--15}

work=$(mktemp -d "${TMPDIR:-/var/tmp}/bennu-benchmark-XXXXXX")
# The last server that was started, and all.
server=
servers=()
server_space=bench-s-$$ load_space=bench-l-$$ server_link=bench-s load_link=bench-l

large_buffer=8388608 receive_buffer=$(</proc/sys/net/core/rmem_default)
# A run that was killed left it so; this is the kernel's own.
[[ $receive_buffer != "$large_buffer" ]] || receive_buffer=212992

clean_up() {
    local status=$?
    set +e
    stop_server
    echo "$receive_buffer" >/proc/sys/net/core/rmem_default
    [[ ! -e /proc/self/autogroup ]] || echo 0 >/proc/self/autogroup
    ip netns delete "$server_space" 2>/dev/null
    ip netns delete "$load_space" 2>/dev/null
    ((status == 0)) || tail -n 20 "$work/server.log" >&2 2>/dev/null
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# open_network SERVER_ADDRESS/LENGTH LOAD_ADDRESS/LENGTH
# Sockets get a large receive buffer meanwhile, the load's and both peers' alike: what a load loses that was not scheduled for a moment says
# nothing about the server.
open_network() {
    echo "$large_buffer" >/proc/sys/net/core/rmem_default
    ip netns add "$server_space"
    ip netns add "$load_space"
    ip -n "$server_space" link add "$server_link" type veth peer name "$load_link" netns "$load_space"
    ip -n "$server_space" address add "$1" dev "$server_link"
    ip -n "$load_space" address add "$2" dev "$load_link"
    for space in "$server_space" "$load_space"; do ip -n "$space" link set lo up; done
    ip -n "$server_space" link set "$server_link" up
    ip -n "$load_space" link set "$load_link" up
}

# What arrives at either end is taken in by that end's processor, as with network cards: a veth would do it on the sender's, so that data and
# what acknowledgements release overtake each other, and work of one side counts as the other's.
steer_packets() {
    ip netns exec "$server_space" sh -c "echo 1 >/sys/class/net/$server_link/queues/rx-0/rps_cpus"
    ip netns exec "$load_space" sh -c "echo 2 >/sys/class/net/$load_link/queues/rx-0/rps_cpus"
}

# gather_packets: the same, but what arrives while an end is busy is taken in together, as from network cards that gather interrupts, where RPS
# interrupts a processor for nearly every packet. Threads of the kernel do it (threaded NAPI), each on its end's processor; `receivers` are the server's.
receivers=()
gather_packets() {
    local space link processor thread
    while read -r space link processor; do
        # Messages from sockets of this computer are gathered only by a link with GRO whose other end cuts TCP itself.
        ip netns exec "$space" ethtool -K "$link" gro on tso off
        ip netns exec "$space" sh -c "echo 1 >/sys/class/net/$link/threaded"
        for thread in $(pgrep "^napi/$link-"); do
            taskset -cp "$processor" "$thread" >/dev/null
            [[ $link != "$server_link" ]] || receivers+=("$thread")
        done
    done <<<"$server_space $server_link 0"$'\n'"$load_space $load_link 1"
    ((${#receivers[@]})) || fail 'this kernel has no threaded NAPI'
}

# Starts a server on processor 0; `$server` is its process.
in_server() {
    ip netns exec "$server_space" taskset -c 0 "$@" >"$work/server.log" 2>&1 &
    server=$!
    servers+=("$server")
}

in_load() { nice -n "$((niceness - $(nice)))" ip netns exec "$load_space" taskset -c "1-$(($(nproc) > 1 ? $(nproc) - 1 : 1))" "$@"; }

# Thread by thread, once they all run: Swift's runtime gives its threads a niceness of its own,
# whatever the process began with. The group is that of the whole session (sched(7), autogroup), put back at the end.
go_first() {
    local task
    for task in "/proc/$server/task"/*; do renice -n "$niceness" -p "${task##*/}" >/dev/null; done
    [[ ! -e /proc/self/autogroup ]] || echo "$niceness" >/proc/self/autogroup
}

# stop_process PROCESS: one of several servers.
stop_process() {
    local process left=()
    for process in "${servers[@]}"; do [[ $process == "$1" ]] || left+=("$process"); done
    servers=("${left[@]}")
    { kill "$1" && wait "$1"; } 2>/dev/null || true
}

stop_server() {
    local process
    for process in "${servers[@]}"; do stop_process "$process"; done
    server=
}

# Until the server has this UDP port, or this TCP port.
await_port() { await_socket -u "$1"; }
await_tcp() { await_socket -t "$1"; }

await_socket() {
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        kill -0 "$server" 2>/dev/null || fail "the server ended: $(tail -n 5 "$work/server.log")"
        if ip netns exec "$server_space" ss -Hln "$1" "sport = :$2" | grep -q .; then go_first; return; fi
        sleep 0.1
    done
    fail "the server has not opened port $2 (ss $1) within 300 s"
}

# User and system time of processes, in nanoseconds, threads that have ended included; a hundredth of a second is the least that shows.
cpu_nanoseconds() {
    local files=("${@/#//proc/}")
    awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); ticks += $12 + $13 } END { printf "%.0f", ticks * 1e9 / tick }' "${files[@]/%//stat}"
}

resident_megabytes() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

# The middle one of the numbers on standard input.
median() { sort -g | awk '{ v[NR] = $1 } END { print (NR ? v[int((NR + 1) / 2)] : "none") }'; }
