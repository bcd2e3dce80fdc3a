# The DHCP servers that are measured, each with no lease, for the subnet under load, 10.32.0.0/11.
# shellcheck shell=bash disable=SC2154
# Sourced after Benchmarks/library.sh; `bennu` is the program. `known` hosts and `subnets` are Bennu's, beside those under load.

start_bennu() {
    rm -rf "$work/bennu" "$work/site"
    mkdir -p "$work/site"
    Benchmarks/dhcp/site "$work/site" "${known:-0}" "${subnets:-1}"
    [[ ${1:-} != joined ]] || sed -i '0,/unknownPercent: 100/s//&, joinReplies: true/' "$work/site/subnets.yaml"
    in_server "$bennu" serve --roles dhcp --data "$work/bennu" --interface "$server_link" --documents "$work/site" --log-level warning
    await_port 67
}

# As where relays are other machines.
start_joined() { start_bennu joined; }

# start_kea [SOCKET]: `raw`, which is Kea's default and serves clients without an address too, or `udp`, for relays alone.
start_kea() {
    rm -rf "$work/kea"
    mkdir -p "$work/kea"
    cat >"$work/kea/kea.json" <<JSON
{"Dhcp4": {
  "interfaces-config": {"interfaces": ["$server_link"], "dhcp-socket-type": "${1:-raw}"},
  "lease-database": {"type": "memfile", "persist": true, "name": "$work/kea/leases.csv", "lfc-interval": 0},
  "valid-lifetime": 3600,
  "loggers": [{"name": "kea-dhcp4", "severity": "ERROR", "output_options": [{"output": "$work/kea/log"}]}],
  "subnet4": [{"id": 1, "subnet": "10.32.0.0/11", "pools": [{"pool": "10.33.0.0 - 10.63.250.255"}],
    "option-data": [{"name": "routers", "data": "10.32.0.2"}]}]}}
JSON
    KEA_PIDFILE_DIR=$work/kea KEA_LOCKFILE_DIR=$work/kea in_server kea-dhcp4 -c "$work/kea/kea.json"
    await_port 67
}

start_kea-udp() { start_kea udp; }
