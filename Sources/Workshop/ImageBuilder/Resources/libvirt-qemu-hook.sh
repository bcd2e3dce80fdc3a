#!/bin/sh
# libvirt calls this as: qemu GUEST started begin -, among others. Guests outlive a soft reboot only when every
# cgroup below their scope carries the mark; libvirt puts QEMU into a child that systemd does not mark itself.
# The domain's XML comes on standard input and is not needed.
[ "$2" = started ] || [ "$2" = reconnect ] || exit 0
find /sys/fs/cgroup/machine.slice -path '*/machine-*.scope*' -type d 2>/dev/null | while read -r directory; do
    setfattr -n user.survive_final_kill_signal -v 1 "$directory" || true
done
exit 0
