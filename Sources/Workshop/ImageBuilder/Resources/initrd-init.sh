#!/bin/sh
# The first program of a Bennu boot: network, claim, root image, switch. See Documentation/ImageContract.md.
# A failure here never ends in a shell or a halt: it is printed, reported where possible, and tried again.
export PATH=/bin:/sbin
umask 022
/bin/busybox --install -s /bin

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev 2>/dev/null
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /run
mkdir -p /run/bennu
exec </dev/console >/dev/console 2>&1
echo 10 > /proc/sys/kernel/panic
echo 1 > /proc/sys/kernel/printk_devkmsg 2>/dev/null

seconds() { cut -d' ' -f1 /proc/uptime; }
# Boot marks go to the kernel log: it carries the time, reaches every console and netconsole.
mark() { echo "<5>bennu: $*" > /dev/kmsg; }
# Between a half and three halves of $1 seconds, so that a rack that lost power together does not ask together.
pause() { usleep $(( $1 * 500000 + ( 0x$(hexdump -n 2 -e '"%04x"' /dev/urandom) % 1000 ) * $1 * 1000 )); }
argument() { sed -n "s/^\(.* \)\{0,1\}$1=\([^ ]*\).*/\2/p" /proc/cmdline; }
# A string member of a flat JSON object in file $2; empty when it is missing or holds an escape.
member() { tr -d '\n\r' < "$2" | sed -n "s/.*\"$1\" *: *\"\([^\"\\\\]*\)\".*/\1/p"; }

mark "initrd started at $(seconds) s, contract $(cat /etc/bennu/image-contract)"
SERVER=$(argument bennu.server); SERVER=${SERVER%/}
BLOBS=$(argument bennu.blobs); BLOBS=${BLOBS%/}; BLOBS=${BLOBS:-$SERVER}
BOOT=$(argument bennu.boot)
BOOTIF=$(argument BOOTIF)
WANTED=$(argument bennu.root)
ROOT=$(cat /etc/bennu/root.digest)
HOSTPORT=${SERVER#http://}

# The initrd accepts one root only. A command line that names another is a mistake or an attack: no boot.
while [ -n "$WANTED" ] && [ "$WANTED" != "$ROOT" ]; do
    mark "root-refused: the command line names $WANTED, this initrd was sealed with $ROOT"
    sleep 30
done

# --- the new root: squashfs below, RAM above
compose_root() {
    mkdir -p /run/bennu/lower /run/bennu/upper /root
    mount -t squashfs -o loop,ro "$1" /run/bennu/lower || { mark "cannot mount the root image"; return 1; }
    mount -t tmpfs -o mode=0755 tmpfs /run/bennu/upper
    mkdir -p /run/bennu/upper/root /run/bennu/upper/work
    mount -t overlay -o lowerdir=/run/bennu/lower,upperdir=/run/bennu/upper/root,workdir=/run/bennu/upper/work overlay /root ||
        { mark "cannot mount the overlay"; return 1; }
}

# --- a process of ours that outlives us: see initrd-guard.sh
GUARD=/run/bennu/return
guard() {
    mkdir -p $GUARD/proc
    mount --bind /proc $GUARD/proc
    cp /bin/busybox /etc/bennu/guard.sh $GUARD/
    export CREDENTIAL SERVER BOOT
    ( cd $GUARD && exec setsid ./busybox sh ./guard.sh "$@" 3>/dev/kmsg </dev/null >/dev/null 2>&1 ) &
}
switch() {
    mark "switching root at $(seconds) s"
    umount /sys
    mount --move /run /root/run
    umount /proc
    exec switch_root -c /dev/console /root /sbin/init "$@"
}

# --- a kernel that was started under standing guests: all it needs lies in memory that outlived the kernel before. No network, no claim:
# the agent that left has done both, and verified the root.
HANDOVER=$(argument bennu.handover)
RETURNED=$(grep -o bennu.returned /proc/cmdline)
PANICKED=$(grep -o bennu.panicked /proc/cmdline)
KEPT=/run/bennu/memory
# Those behind the first, by their addresses; guests' memory may lie in them.
find_regions() {
    # The agent makes no file system where one was taken over.
    cat /proc/sys/kernel/random/boot_id > $KEPT.boot
    while read -r start number; do
        cp $KEPT.boot $KEPT.boot.$number
        for try in $(seq 600); do
            for device in /sys/block/pmem*; do
                [ $(($(cat $device/device/resource))) = "$start" ] || continue
                mkdir -p $KEPT.$number
                mount -t ext4 -o dax=always,noatime /dev/${device##*/} $KEPT.$number && continue 3
            done
            usleep 100000
        done
        MISSING="memory of guests is missing at $start"
    done < $KEPT/handover/regions
}
find_handover() {
    mkdir -p $KEPT
    # Its device comes when the kernel has made its notes about every page of it. A minute is long, and guests are lost without.
    for try in $(seq 600); do
        for device in /dev/pmem*; do
            [ -b "$device" ] && mount -t ext4 -o dax=always,noatime "$device" $KEPT || continue
            # The former system, started again, finds what was taken over once.
            [ -n "$RETURNED" ] && [ ! -d $KEPT/handover ] && mv $KEPT/taken-over $KEPT/handover
            [ "$(cat $KEPT/handover/order)" = "$HANDOVER" ] && return 0
            umount $KEPT
        done
        usleep 100000
    done
    return 1
}
# Where no memory was set aside: the root came with the initrd, and its agent knows how to find the disk on which all else is, guests among it.
find_luggage() {
    image=/run/bennu/image/${ROOT#sha256:}.img
    mkdir -p /run/bennu/image $KEPT
    mount -t tmpfs -o nosuid,nodev,noexec,mode=0700,size=90% tmpfs /run/bennu/image
    cp /root.img "$image" && rm /root.img && compose_root "$image" && cp /luggage.json /run/bennu/ || return
    # What the agent mounts is to stay when it has done so.
    for tree in proc sys dev run; do mount --move /$tree /root/$tree; done
    chroot /root /usr/lib/bennu/bennu-agent luggage
    found=$?
    for tree in run dev sys proc; do mount --move /root/$tree /$tree; done
    return $found
}
# Devices of the kernel that panicked still write to its memory: bit 2 of the command register is what lets them (PCI 3.0 section 6.2.2).
stop_devices() {
    for device in /sys/bus/pci/devices/*; do
        case $(cat $device/class) in 0x06*) continue ;; esac
        command=$(hexdump -s 4 -n 1 -e '1/1 "%d"' $device/config)
        printf "\\x$(printf %02x $((command & 251)))" | dd of=$device/config bs=1 seek=4 count=1 conv=notrunc 2>/dev/null
    done
}
# As the crash kernel, in a small part of the memory: starts the same kernel again in all of it, unless guests had gone on.
return_from_panic() {
    mark "the kernel of the new system has panicked"
    if [ "$(head -c 1 $KEPT/former/going-on)" = 0 ]; then
        echo "the kernel of the new system panicked" > $KEPT/former/reason
        mkdir -p $GUARD/former
        mount -t squashfs -o loop,ro "$KEPT/roots/$(cat $KEPT/former/root).img" $GUARD/former &&
            mount --bind /proc $GUARD/former/proc && mount --bind /sys $GUARD/former/sys && mount --bind $KEPT $GUARD/former/mnt &&
            mount --bind $KEPT/former/memmap $GUARD/former/sys/firmware/memmap &&
            chroot $GUARD/former /usr/sbin/kexec -c -l /mnt/former/kernel --initrd=/mnt/former/initrd \
                --command-line="$(cat $KEPT/former/command-line)" 2>/run/bennu/handover.err &&
            sync && chroot $GUARD/former /usr/sbin/kexec -e 2>/run/bennu/handover.err
        mark "cannot go back: $(tail -n 1 /run/bennu/handover.err)"
    else
        mark "guests had gone on: there is no way back"
    fi
    sleep 5
    reboot -f
}
if [ -n "$HANDOVER" ]; then
    [ -n "$PANICKED" ] && stop_devices
    # Side by side: most of loading one is the check of its signature.
    modprobe -a -q nd_e820 nd_pmem 2>/dev/null &
    modprobe -a -q loop squashfs overlay 2>/dev/null &
    modprobe -a -q crc32c_generic ext4 2>/dev/null
    wait
    found=0
    if [ -f /luggage.json ]; then find_luggage; else find_handover; fi 2>/run/bennu/handover.err || found=$?
    if [ $found != 0 ]; then
        # Without it nobody knows who this host is, or which guests stand: from the start, then.
        mark "handover-lost: nothing holds $HANDOVER; $(tail -n 1 /run/bennu/handover.err)"
        sleep 5
        reboot -f
    fi
    [ -n "$PANICKED" ] && return_from_panic
    find_regions
    # It is for one start only, and for a way back from that.
    mv $KEPT/handover $KEPT/taken-over
    if [ -f $KEPT/former/deadline ] && [ -z "$RETURNED" ]; then
        mkdir -p $GUARD/former
        if mount -t squashfs -o loop,ro "$KEPT/roots/$(cat $KEPT/former/root).img" $GUARD/former &&
            mount --bind /proc $GUARD/former/proc && mount --bind /sys $GUARD/former/sys && mount --bind /dev $GUARD/former/dev &&
            mount --bind $KEPT $GUARD/former/mnt; then
            : > $GUARD/arming
            guard return "$(cat $KEPT/former/deadline)"
        else
            mark "no way back: the former root cannot be mounted"
            echo 0 > /sys/kernel/kexec_crash_size
        fi
    fi
    # The guard goes back; without it, a start from nothing is what is left.
    go_back() {
        mark "$1"
        mkdir -p $GUARD
        echo "$1" > $GUARD/at-once
        sleep 120
        reboot -f
    }
    if [ -n "$MISSING" ]; then
        mark "$MISSING"
        [ -e $GUARD/arming ] || [ -e $GUARD/armed ] && go_back "$MISSING"
    fi
    [ -f /luggage.json ] || compose_root $KEPT/roots/${ROOT#sha256:}.img || go_back "the root of the new image cannot be mounted"
    # Without it a program of Swift sees no arguments.
    mount -t proc -o nosuid,nodev,noexec proc /root/proc
    # Unpacked from the root image while this goes on: the programs that guests wait for.
    if grep -q '"launch"' $KEPT/taken-over/run/bennu/agent/standing.json; then
        for program in /usr/lib/bennu/bennu-agent /usr/bin/qemu-system-x86_64; do chroot /root $program --version >/dev/null 2>&1 & done
    fi
    cp -a $KEPT/taken-over/root/* /root/
    if [ -n "$RETURNED" ]; then
        cp -a $KEPT/taken-over/returned/* /root/
        mkdir -p /run/bennu/guard
        cp $KEPT/former/reason /run/bennu/guard/reason
        mark "back in the former system: $(cat $KEPT/former/reason)"
    fi
    cat $KEPT/taken-over/libvirtd.conf >> /root/etc/libvirt/libvirtd.conf
    # Disks in memory are sparse. busybox would write every hole.
    mkdir -p /root/mnt
    mount --bind /run /root/run
    mount --bind $KEPT /root/mnt
    if ! chroot /root /usr/bin/cp -a --sparse=always /mnt/taken-over/run/. /run/ 2>/run/bennu/handover.err; then
        reason="handover-incomplete: guests cannot go on: $(tail -n 1 /run/bennu/handover.err)"
        [ -e $GUARD/arming ] || [ -e $GUARD/armed ] && go_back "$reason"
        mark "$reason"
        rm -f /run/bennu/agent/standing.json
    fi
    umount /root/mnt
    umount /root/run
    mark "taken over at $(seconds) s"
    # Guests first, as the new root would have it, before its first program: what can wait comes later.
    mount --bind /dev /root/dev
    mkdir -p /root/dev/pts
    mount -t devpts -o nosuid,noexec,gid=5,mode=600,ptmxmode=000 devpts /root/dev/pts
    mount --move /sys /root/sys
    mount --move /run /root/run
    ip link set lo up
    if ! timeout 120 chroot /root /usr/lib/bennu/bennu-agent resume; then
        # What it had not made ready yet must not hold disks and memory of a guest that libvirt has go on; and the guard may act again.
        for process in $(pidof qemu-system-x86_64); do grep -qsx $process /root/run/libvirt/qemu/*.pid || kill -9 $process; done
        mv /root$GUARD/held /root$GUARD/armed 2>/dev/null
    fi
    mark "switching root at $(seconds) s"
    umount /proc
    exec switch_root -c /dev/console /root /sbin/init --unit=bennu-resume.target
fi

# --- drivers: only those that a device asks for; buses such as virtio appear after a round, so up to four rounds
load_drivers() {
    known=
    for round in 1 2 3 4; do
        aliases=$(cat /sys/bus/*/devices/*/modalias 2>/dev/null | sort -u)
        [ "$aliases" = "$known" ] && break
        known=$aliases
        echo "$aliases" | xargs -r modprobe -a -q 2>/dev/null
    done
    modprobe -a -q af_packet loop squashfs overlay 2>/dev/null
}
load_drivers

# --- the network card that booted, by its address; without BOOTIF the first card that has a carrier
address_of() { cat "/sys/class/net/$1/address" 2>/dev/null; }
MAC=$(echo "$BOOTIF" | tr 'A-F-' 'a-f:'); MAC=${MAC#01:}
find_card() {
    for path in /sys/class/net/*; do
        card=${path##*/}
        [ -e "$path/device" ] || continue
        if [ -n "$MAC" ]; then
            [ "$(address_of "$card")" = "$MAC" ] && { echo "$card"; return; }
        else
            ip link set "$card" up 2>/dev/null
            [ "$(cat "$path/carrier" 2>/dev/null)" = 1 ] && { echo "$card"; return; }
        fi
    done
}
tries=0
while CARD=$(find_card); [ -z "$CARD" ]; do
    tries=$((tries + 1))
    [ $((tries % 10)) = 1 ] && mark "no network card ${MAC:-with a carrier} yet; present: $(ls /sys/class/net | tr '\n' ' ')"
    sleep 1
    [ $((tries % 5)) = 0 ] && load_drivers
done
MAC=$(address_of "$CARD")
# Addresses by router advertisement are networkd's business, later.
echo 0 > "/proc/sys/net/ipv6/conf/$CARD/accept_ra" 2>/dev/null
ip link set lo up
ip link set "$CARD" up

# --- one lease. Client identifier 01+MAC (RFC 2132 section 9.14), the same that the firmware and networkd send.
delay=1
until udhcpc -i "$CARD" -f -q -n -t 4 -T 2 -s /etc/udhcpc.sh -O ntpsrv \
        -C -x 0x3d:01$(echo "$MAC" | tr -d :) -V bennu-initrd 2>/run/bennu/udhcpc.log; do
    mark "no DHCP answer on $CARD ($MAC); trying again"
    pause $delay; [ $delay -lt 16 ] && delay=$((delay * 2))
done
. /run/bennu/lease
mark "address $ADDRESS on $CARD ($MAC)"

# --- the claim: who we say we are, for a credential bound to this boot
UUID=$(tr 'A-Z' 'a-z' < /sys/class/dmi/id/product_uuid 2>/dev/null)
NONCE=$(hexdump -n 16 -e '16/1 "%02x"' /dev/urandom)
MACS=
for path in /sys/class/net/*; do
    [ -e "$path/device" ] || continue
    MACS="$MACS${MACS:+,}\"$(cat "$path/address")\""
done
json="Content-Type: application/json"
printf '{"contract":1,"boot":"%s","uuid":"%s","macs":[%s],"nonce":"%s","evidence":{"type":"none"}}' \
    "$BOOT" "$UUID" "$MACS" "$NONCE" > /run/bennu/request.json

# busybox wget drops the body of a refusal; ask once more by hand, for the person who reads the console.
show_refusal() {
    { printf 'POST /v1/claim HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n' \
        "$HOSTPORT" "$json" "$(wc -c < /run/bennu/request.json)"; cat /run/bennu/request.json; sleep 3; } \
        | timeout 8 nc "${HOSTPORT%:*}" "${HOSTPORT##*:}" 2>/dev/null | sed '1,/^.\{0,1\}$/d' | head -c 600 | while read -r line || [ -n "$line" ]; do
            [ -n "$line" ] && mark "server: $line"
        done
}
delay=1
while :; do
    ( umask 077; wget -q -T 15 -O /run/bennu/claim.new --header "$json" --post-file /run/bennu/request.json \
        "$SERVER/v1/claim" 2>/run/bennu/claim.err ) && [ -s /run/bennu/claim.new ] && break
    if grep -q 'HTTP/1.[01] 4' /run/bennu/claim.err; then
        mark "claim refused by $SERVER: $(tail -n 1 /run/bennu/claim.err)"
        show_refusal
        pause 30
    else
        mark "claim at $SERVER failed: $(tail -n 1 /run/bennu/claim.err)"
        pause $delay; [ $delay -lt 16 ] && delay=$((delay * 2))
    fi
done
mv /run/bennu/claim.new /run/bennu/claim.json
CREDENTIAL=$(member credential /run/bennu/claim.json)
MACHINE=$(member machineID /run/bennu/claim.json)
mark "claimed boot $BOOT"

# Failure to report never stops a boot.
report() {
    wget -q -T 5 -O /dev/null --header "$json" --header "Authorization: Bearer $CREDENTIAL" \
        --post-data "{\"events\":[{\"name\":\"$1\",\"detail\":\"$2\"}]}" "$SERVER/v1/boots/$BOOT/events" >/dev/null 2>&1
}
report initrd-started "claimed at $(seconds) s with $CARD $MAC"
( umask 077; printf '{"server":"%s","boot":"%s","nonce":"%s","mac":"%s","address":"%s","uuid":"%s","root":"%s"}\n' \
    "$SERVER" "$BOOT" "$NONCE" "$MAC" "$ADDRESS" "$UUID" "$ROOT" > /run/bennu/boot.json )
[ -f /etc/bennu/site.pub ] && cp /etc/bennu/site.pub /run/bennu/site.pub

# --- the root image, in a file system of its own: it stays in RAM under the loop device for the life of the root
mkdir -p /run/bennu/image
mount -t tmpfs -o nosuid,nodev,noexec,mode=0700,size=90% tmpfs /run/bennu/image
IMAGE=/run/bennu/image/root.img
[ -f /root.img ] && { cp /root.img $IMAGE; rm /root.img; mark "root image was in the initrd"; }
delay=2
while :; do
    if [ ! -f $IMAGE ] || [ -n "$partial" ]; then
        [ -n "$queued" ] || mark "fetching $ROOT"
        if ! wget -q -c -T 30 -O $IMAGE "$BLOBS/blobs/sha256/${ROOT#sha256:}?boot=$BOOT" 2>/run/bennu/fetch.err; then
            # Its turn comes: others download. The status line is all that wget shows of a refusal, so the pause stands there too.
            if grep -q 'HTTP/1.[01] 503' /run/bennu/fetch.err; then
                again=$(sed -n 's/.* again in \([1-9][0-9]\{0,2\}\) s.*/\1/p' /run/bennu/fetch.err)
                queued=yes
                mark "queued for the root image: $(sed 's/.*HTTP\/1.[01] 503 //;q' /run/bennu/fetch.err)"
                sleep "${again:-5}"
                continue
            fi
            queued=
            size=$(stat -c %s $IMAGE 2>/dev/null || echo 0)
            # 416 on resume: the file is as long as the blob or longer, so let the digest decide.
            if ! grep -q ' 416' /run/bennu/fetch.err; then
                mark "fetch interrupted at $size bytes: $(tail -n 1 /run/bennu/fetch.err)"
                # Without one byte more than the last time, an error page may be what we have: begin anew.
                [ "$size" = "$partial" ] && rm -f $IMAGE
                partial=$size
                pause $delay; [ $delay -lt 16 ] && delay=$((delay * 2))
                continue
            fi
        fi
        partial= queued=
        size=$(stat -c %s $IMAGE)
        mark "root image fetched: $size bytes at $(seconds) s"
        report root-fetched "$size bytes"
    fi
    found=sha256:$(sha256sum $IMAGE | cut -d' ' -f1)
    [ "$found" = "$ROOT" ] && break
    mark "root-refused: the image has digest $found, this initrd accepts $ROOT only"
    report root-refused "found $found, expected $ROOT"
    rm -f $IMAGE
    pause 15
done
mark "root image verified at $(seconds) s"
report root-verified "$ROOT at $(seconds) s"

compose_root $IMAGE

case $MACHINE in
    *[!0-9a-f]*) ;;
    ????????????????????????????????) echo "$MACHINE" > /root/etc/machine-id ;;
esac
[ -n "$DNS" ] && for server in $DNS; do echo "nameserver $server"; done > /root/etc/resolv.conf
[ -n "$DOMAIN" ] && echo "search $DOMAIN" >> /root/etc/resolv.conf
[ -n "$HOSTNAME_OFFERED" ] && hostname "$HOSTNAME_OFFERED"

# networkd takes the lease over under the same client identifier; KeepConfiguration so that the address never goes.
mkdir -p /run/systemd/network
cat > /run/systemd/network/05-boot.network <<NETWORK
[Match]
MACAddress=$MAC
Type=ether

[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
KeepConfiguration=yes

[DHCPv4]
ClientIdentifier=mac
UseHostname=no
SendRelease=no
NETWORK

rm -f /run/bennu/request.json /run/bennu/*.err /run/bennu/udhcpc.log
report switching-root "at $(seconds) s"
PATIENCE=$(argument bennu.patience)
guard reset "${PATIENCE:-600}"
switch
