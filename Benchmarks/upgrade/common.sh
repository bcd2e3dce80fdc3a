# shellcheck shell=bash
# What the scripts beside this one share: a rack with one host, `bennu serve` for it, and a look at what it says. To be sourced;
# removes everything when the script ends.
bennu=${BENNU:-$PWD/.build/debug/bennu}
rack=upgrades-$$
work=$(mktemp -d /tmp/bennu-upgrades-XXXXXX)
export BENNU_SOCKET=$work/operator.sock
serve=
ssh-keygen -q -t ed25519 -N '' -C benchmark -f "$work/key"

clean_up() {
    local status=$?
    set +e
    if ((status != 0)); then
        tail -n 20 "$work"/*.log "$work"/*.err >&2
        "$bennu" rack logs --name $rack h1 >out/host.log && say "what the host wrote to its serial port is in out/host.log"
    fi
    [[ -z $serve ]] || { kill "$serve" && wait "$serve"; } 2>/dev/null
    "$bennu" rack down --name $rack >/dev/null 2>&1
    rm -rf "$work"
    exit $status
}
trap clean_up EXIT

on_host() {
    "$bennu" rack exec --name $rack -- ssh -n -i "$work/key" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
        -o LogLevel=ERROR -o ConnectTimeout=60 "root@$("$bennu" host show h1 --field address)" "$@"
}
# A row of the table that is the result.
row() { printf '| %s |' "$@" | sed 's/ ||/ |/g'; printf '\n'; }
say() { echo "== $*" >&2; }
cpu_seconds() { "$bennu" rack list --name $rack --output json | sed -n 's/.*"cpuSeconds" : \([0-9.]*\).*/\1/p'; }
# Milliseconds since 1970 of an event, the last of several.
moment() { grep -A 4 "\"name\" : \"$1\"" "$work/timeline.json" | grep -o '"time" : [0-9]*' | tail -n 1 | grep -o '[0-9]*$'; }
seconds() { awk "BEGIN { printf \"%.1f\", ($2 - $1) / 1000 }"; }

# $1: MiB of the host.
start_rack() {
    "$bennu" rack up --name $rack --memory "$1" --vcpus 2 --no-power >/dev/null
    mac=$("$bennu" rack list --name $rack --output json | grep -o -m 1 '[0-9a-f][0-9a-f]\(:[0-9a-f][0-9a-f]\)\{5\}')
    "$bennu" rack exec --name $rack -- "$bennu" serve --data "$work/data" --interface rack0 --site upgrades >"$work/serve.log" 2>&1 &
    serve=$!
    until "$bennu" status >/dev/null 2>&1; do kill -0 "$serve"; sleep 0.2; done
    for image in a b; do "$bennu" image import out/upgrade/$image --reference kvm:$image >/dev/null; done
}

# $1: memory that is set aside for guests; then the documents of guests.
start_host() {
    cat >"$work/host.yaml" <<YAML
apiVersion: bennu/v1
kind: Host
metadata:
  name: h1
spec:
  hardwareAddresses: ["$mac"]
  profiles: [base]
  guestMemory: $1
  authorizedKeys: ["$(<"$work/key.pub")"]
YAML
    shift
    local document documents=()
    for document; do documents+=(-f "$document"); done
    sed 's/kvm:latest/kvm:a/' Examples/demo/20-profile.yaml >"$work/profile.yaml"
    "$bennu" apply -f Examples/demo/10-network.yaml -f "$work/profile.yaml" -f "$work/host.yaml" "${documents[@]}" >/dev/null
    say "first start; it shows the host's memory, of which the next start sets a part aside"
    "$bennu" rack power --name $rack h1 on >/dev/null
    "$bennu" host wait h1 --timeout 900 --quiet
    "$bennu" host restart h1 --method cold >/dev/null
}
