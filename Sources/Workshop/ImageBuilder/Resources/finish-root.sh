#!/bin/sh
# Turns a fresh Debian tree into the root of a boot image. Called by mmdebstrap: finish-root.sh ROOT STAGE
# STAGE holds: files/ (copied over the tree), modules/ (pruned kernel modules), release (kernel release).
# It gets: machine-types (what the root's QEMU says of the machines that it has).
set -eu
umask 022
root=$1
stage=$2
release=$(cat "$stage/release")

# --- nothing that runs on a host: package tools, documentation, locales, other architectures' parts
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/info "$root"/usr/share/locale "$root"/usr/share/lintian \
    "$root"/usr/share/bug "$root"/usr/share/bash-completion "$root"/usr/share/zsh "$root"/usr/share/fish "$root"/usr/share/pixmaps \
    "$root"/usr/share/applications "$root"/usr/share/icons "$root"/usr/share/sgml "$root"/usr/share/xml "$root"/usr/share/polkit-1/actions/*.lang \
    "$root"/usr/lib/x86_64-linux-gnu/gconv "$root"/usr/share/i18n "$root"/usr/share/common-licenses "$root"/usr/share/doc-base \
    "$root"/usr/share/gdb "$root"/usr/share/gcc "$root"/usr/share/debianutils "$root"/usr/share/menu
find "$root"/usr/lib/locale -mindepth 1 -maxdepth 1 ! -name C.utf8 -exec rm -rf {} + 2>/dev/null || true

# --- emulators: one binary; firmware and option ROMs for the machines it has
for name in i386 microvm; do
    find "$root/usr/bin" "$root/usr/lib" "$root/usr/share/qemu" -name "*qemu-system-*$name*" -delete 2>/dev/null || true
    rm -f "$root/usr/bin/qemu-system-$name" "$root/usr/bin/qemu-system-x86_64-$name"
done
cd "$root"
keep_only() { # directory, then the names to keep
    directory=$1; shift
    [ -d "$directory" ] || return 0
    for file in "$directory"/*; do
        name=${file##*/}
        case " $* " in *" $name "*) ;; *) [ -d "$file" ] && [ ! -L "$file" ] || rm -f "$file" ;; esac
    done
}
keep_only usr/share/qemu \
    bios-256k.bin bios.bin efi-virtio.rom efi-e1000e.rom efi-e1000.rom kvmvapic.bin linuxboot_dma.bin linuxboot.bin multiboot_dma.bin \
    multiboot.bin pvh.bin vgabios-stdvga.bin vgabios-virtio.bin vgabios-bochs-display.bin vgabios-ramfb.bin vgabios.bin trace-events-all
rm -rf usr/share/qemu/dtb
keep_only usr/share/seabios bios-256k.bin bios.bin vgabios-stdvga.bin vgabios-virtio.bin vgabios-bochs-display.bin vgabios-ramfb.bin vgabios.bin
keep_only usr/lib/ipxe/qemu efi-virtio.rom efi-e1000e.rom efi-e1000.rom
cd - >/dev/null

chroot "$root" /usr/bin/qemu-system-x86_64 -machine help >"$stage/machine-types"

# --- modules, in the tree that the image's own kmod indexes
rm -rf "$root/usr/lib/modules"
mkdir -p "$root/usr/lib/modules"
cp -R "$stage/modules/usr/lib/modules/$release" "$root/usr/lib/modules/$release"
if [ -d "$stage/firmware" ]; then
    mkdir -p "$root/usr/lib/firmware"
    cp -R "$stage/firmware/." "$root/usr/lib/firmware/"
fi
# The stage was made under the caller's umask.
find "$root/usr/lib/modules" "$root/usr/lib/firmware" -type d -exec chmod 0755 {} + 2>/dev/null || true
chroot "$root" /sbin/depmod "$release"

# --- our files, owned by root whoever builds
cp -R "$stage/files/." "$root/"
(cd "$stage/files" && find . -mindepth 1 ! -type l -print) | while read -r path; do
    chown 0:0 "$root/$path"
    if [ -d "$stage/files/$path" ]; then chmod 0755 "$root/$path"
    elif [ -x "$stage/files/$path" ]; then chmod 0755 "$root/$path"
    else chmod 0644 "$root/$path"; fi
done

# --- state that has to outlive a root: one directory under /run/keep, seeded at the first start
seed="$root/usr/share/bennu/seed"
mkdir -p "$seed"
kept="var/lib/libvirt:var-lib-libvirt etc/libvirt/qemu:etc-libvirt-qemu"
if [ -x "$root/usr/sbin/iscsid" ]; then
    # What iscsid knows of sessions, without which it takes none over. The package made a name: every host has its own (iscsid.service.d).
    kept="$kept var/lib/iscsi:var-lib-iscsi etc/iscsi:etc-iscsi"
    rm -f "$root/etc/iscsi/initiatorname.iscsi"
fi
for pair in $kept; do
    from=${pair%%:*}; to=${pair##*:}
    mkdir -p "$root/$from"
    cp -a "$root/$from" "$seed/$to"
    rm -rf "$root/${from:?}"
    ln -s "/run/keep/$to" "$root/$from"
done
if [ -f "$root/etc/libvirt/qemu.conf" ]; then
    printf '\n# Bennu: a guest must not hang on virtlogd while its host changes the root.\nstdio_handler = "file"\n' >> "$root/etc/libvirt/qemu.conf"
    # Its comments are two thirds of a megabyte over all these files and no operator edits them here.
    for file in "$root"/etc/libvirt/*.conf; do sed -i '/^ *#/d;/^ *$/d' "$file"; done
    # Only root speaks to libvirt here, and its sockets say so: no question to polkit at every connection.
    printf 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n' >> "$root/etc/libvirt/libvirtd.conf"
fi

# --- services: what a host needs, and nothing that waits for what it has not got
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
enable="systemd-networkd.service systemd-timesyncd.service ssh.service libvirtd.socket libvirtd-ro.socket virtlogd.socket virtlockd.socket
    bennu-mark.service"
[ ! -x "$root/usr/sbin/iscsid" ] || enable="$enable bennu-iscsi.service"
for unit in bennu-agent bennu-console bennu-console-serial; do
    [ -f "$root/usr/lib/systemd/system/$unit.service" ] && enable="$enable $unit.service"
done
[ -x "$root/usr/lib/bennu/bennu-agent" ] || rm -f "$root/usr/lib/systemd/system/bennu-agent.service"
disable="libvirtd.service libvirt-guests.service virtlogd.service virtlockd.service systemd-networkd-wait-online.service ssh.socket remote-fs.target
    e2scrub_reap.service kexec.service kexec-load.service dnsmasq.service systemd-pstore.service getty@tty1.service"
# Disabling first: libvirtd.service names its sockets in Also=, and would take them along.
for unit in $disable; do chroot "$root" systemctl --quiet disable "$unit" 2>/dev/null || true; done
for unit in $enable; do
    [ -f "$root/usr/lib/systemd/system/$unit" ] || continue
    chroot "$root" systemctl --quiet enable "$unit"
done
rm -rf "$root/etc/systemd/system/timers.target.wants" "$root/etc/systemd/system/getty.target.wants"
masked="libvirt-guests.service apt-daily.timer apt-daily-upgrade.timer apt-daily.service apt-daily-upgrade.service dpkg-db-backup.timer
    dpkg-db-backup.service fstrim.timer logrotate.timer logrotate.service e2scrub_all.timer systemd-hwdb-update.service ldconfig.service
    systemd-journal-catalog-update.service systemd-update-done.service systemd-firstboot.service systemd-machine-id-commit.service
    systemd-journal-flush.service systemd-random-seed.service systemd-update-utmp.service systemd-pcrphase.service systemd-pcrmachine.service
    systemd-pcrphase-sysinit.service systemd-pcrphase-initrd.service systemd-tpm2-setup.service systemd-tpm2-setup-early.service
    systemd-boot-random-seed.service systemd-sysext.service systemd-confext.service systemd-networkd-persistent-storage.service
    systemd-hibernate-clear.service systemd-rfkill.socket getty.target getty@.service serial-getty@.service
    getty-static.service console-getty.service container-getty@.service sshd-keygen.service systemd-ask-password-wall.path
    systemd-ask-password-console.path systemd-battery-check.service sys-kernel-debug.mount sys-kernel-tracing.mount systemd-pstore.service
    open-iscsi.service blk-availability.service rpcbind.socket rpcbind.service sshd-unix-local.socket sshd-vsock.socket
    systemd-network-generator.service systemd-udev-load-credentials.service systemd-remount-fs.service sys-kernel-config.mount
    sys-fs-fuse-connections.mount dev-mqueue.mount run-lock.mount proc-sys-fs-binfmt_misc.automount modprobe@configfs.service
    modprobe@fuse.service modprobe@drm.service"
for unit in $masked; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
mkdir -p "$root/etc/systemd/system-generators"
for generator in systemd-gpt-auto-generator systemd-sysv-generator systemd-rc-local-generator systemd-hibernate-resume-generator \
    systemd-import-generator systemd-cryptsetup-generator systemd-veritysetup-generator systemd-integritysetup-generator systemd-bless-boot-generator \
    systemd-getty-generator systemd-tpm2-generator systemd-ssh-generator systemd-run-generator systemd-factory-reset-generator; do
    ln -sf /dev/null "$root/etc/systemd/system-generators/$generator"
done

# --- the account of last resort has no password: keys arrive with the configuration
sed -i 's|^root:[^:]*:|root:*:|' "$root/etc/shadow"
# The day on which a password was set is the day of the build: nothing that two builds could share.
sed -i 's|^\([^:]*:[^:]*\):[0-9]*:|\1:1:|' "$root/etc/shadow"
rm -f "$root"/etc/shadow- "$root"/etc/passwd- "$root"/etc/group- "$root"/etc/gshadow- "$root"/etc/subuid- "$root"/etc/subgid-

# --- nothing of the machine that built it, nothing of a package manager
rm -rf "$root"/etc/apt "$root"/var/lib/apt "$root"/var/cache "$root"/var/log "$root"/var/lib/dpkg "$root"/var/lib/ucf "$root"/usr/lib/apt \
    "$root"/usr/share/keyrings "$root"/etc/ssh/ssh_host_* "$root"/etc/hostname "$root"/etc/resolv.conf "$root"/etc/machine-id "$root"/var/lib/dbus/machine-id \
    "$root"/usr/share/debconf "$root"/usr/share/perl5 "$root"/etc/ld.so.cache~ "$root"/var/lib/systemd/* "$root"/var/backups "$root"/boot/* "$root"/tmp/* "$root"/var/tmp/* \
    "$root"/run/* "$root"/usr/sbin/policy-rc.d "$root"/etc/.pwd.lock "$root"/root/.bash_history
for name in apt apt-cache apt-cdrom apt-config apt-get apt-key apt-mark debconf debconf-apt-progress debconf-communicate debconf-copydb debconf-escape \
    debconf-set-selections debconf-show deb-systemd-helper deb-systemd-invoke dpkg-deb dpkg-split sqv; do rm -f "$root/usr/bin/$name"; done
rm -rf "$root"/usr/lib/x86_64-linux-gnu/libapt-p* "$root"/usr/lib/dpkg/methods "$root"/usr/lib/udev/hwdb.d "$root"/etc/udev/hwdb.bin "$root"/usr/lib/udev/hwdb.bin "$root"/usr/bin/qemu-io "$root"/usr/bin/qemu-nbd "$root"/usr/bin/qemu-storage-daemon
mkdir -p "$root"/var/log/journal "$root"/var/cache "$root"/var/lib/systemd "$root"/var/tmp
rmdir "$root"/var/log/journal
chmod 1777 "$root"/tmp "$root"/var/tmp
: > "$root/etc/machine-id"
chmod 0444 "$root/etc/machine-id"

rm -rf "$root"/usr/lib/x86_64-linux-gnu/perl-base "$root"/usr/bin/perl*
find "$root/usr" "$root/etc" -name '*.dpkg-*' -delete
find "$root/usr" -name '__pycache__' -prune -exec rm -rf {} +
