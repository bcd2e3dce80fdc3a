/// The files of ours in the root, beside the agent: units, drop-ins, settings. Each with the reason it is there.
enum RootFiles {
    struct File: Sendable {
        let path: String
        let content: [UInt8]
        var isExecutable = false
    }

    static var all: [File] {
        texts.map { File(path: $0.0, content: Array($0.1.utf8)) }
            + [File(path: "etc/libvirt/hooks/qemu", content: PackageResources.libvirt_qemu_hook_sh, isExecutable: true)]
    }

    private static let texts: [(String, String)] = [
        (
            "usr/lib/systemd/system/bennu-agent.service",
            """
            # Not after network-online.target: the address came with us from the initrd.
            [Unit]
            Description=Bennu host agent
            After=network.target libvirtd.socket systemd-tmpfiles-setup.service
            Wants=libvirtd.socket

            [Service]
            Type=simple
            ExecStart=/usr/lib/bennu/bennu-agent
            Restart=always
            RestartSec=2
            OOMScoreAdjust=-900

            [Install]
            WantedBy=multi-user.target

            """
        ),
        (
            "usr/lib/systemd/system/bennu-mark.service",
            """
            # Boot marks go to the kernel log, where serial consoles and netconsole show them.
            [Unit]
            Description=Bennu boot mark
            After=basic.target systemd-networkd.service
            [Service]
            Type=oneshot
            ExecStart=/bin/sh -c 'echo "<5>bennu: services starting at $(cut -d" " -f1 /proc/uptime) s" > /dev/kmsg'
            [Install]
            WantedBy=multi-user.target

            """
        ),
        (
            "usr/lib/systemd/system/bennu-resume.target",
            """
            # What a system starts with when it is to resume guests that stand still. The agent starts the rest when they go on.
            [Unit]
            Description=Guests go on under the new kernel
            # libvirtd calls logind before its first guest starts.
            Wants=bennu-agent.service libvirtd.service systemd-networkd.service systemd-logind.service
            AllowIsolate=yes

            """
        ),
        (
            "etc/systemd/system/libvirtd.service.d/50-adopt.conf",
            """
            # Guests that went on before there was a service manager get their control groups, which libvirtd looks for.
            [Service]
            TimeoutStartSec=600
            ExecStartPre=-/bin/sh -c 'grep -qs goneOn /run/bennu/agent/standing.json && exec /usr/lib/bennu/bennu-agent adopt'

            """
        ),
        // Guests outlive a soft reboot: their scopes and slice are not stopped with the services (systemd.unit(5)).
        (
            "etc/systemd/system/machine-.scope.d/50-survive.conf",
            """
            [Unit]
            SurviveFinalKillSignal=yes
            IgnoreOnIsolate=yes
            DefaultDependencies=no
            Conflicts=reboot.target kexec.target poweroff.target halt.target rescue.target emergency.target
            Before=reboot.target kexec.target poweroff.target halt.target rescue.target emergency.target

            """
        ),
        (
            "etc/systemd/system/machine.slice.d/50-survive.conf",
            """
            [Unit]
            DefaultDependencies=no
            IgnoreOnIsolate=yes
            Before=slices.target

            """
        ),
        (
            "usr/lib/tmpfiles.d/bennu.conf",
            """
            # Only where it is missing: later it holds the state of running guests.
            C /run/keep - - - - /usr/share/bennu/seed
            # After a soft reboot from an image that had no iSCSI.
            C /run/keep/var-lib-iscsi - - - - /usr/share/bennu/seed/var-lib-iscsi
            C /run/keep/etc-iscsi - - - - /usr/share/bennu/seed/etc-iscsi

            """
        ),
        // For images with open-iscsi. Whoever logs in has a name that follows from the host's id, unless the configuration has written another.
        (
            "etc/systemd/system/iscsid.service.d/50-bennu.conf",
            """
            [Service]
            ExecStartPre=
            ExecStartPre=/bin/sh -c 'F=/etc/iscsi/initiatorname.iscsi; test -s $$F || (umask 077; echo "InitiatorName=iqn.1993-08.org.debian:01:$$(cut -c 1-12 /etc/machine-id)" >$$F)'

            """
        ),
        // Disks of guests that went through a soft reboot: the kernel has the sessions, and mends none of them by itself.
        (
            "usr/lib/systemd/system/bennu-iscsi.service",
            """
            [Unit]
            Description=The daemon of iSCSI sessions that were here before
            ConditionDirectoryNotEmpty=/sys/class/iscsi_session
            After=iscsid.socket

            [Service]
            Type=oneshot
            ExecStart=/usr/bin/systemctl --no-block start iscsid.service

            [Install]
            WantedBy=multi-user.target

            """
        ),
        ("etc/systemd/system/libvirtd.socket.d/50-root.conf", "[Socket]\nSocketMode=0600\n"),
        ("etc/systemd/system/libvirtd-ro.socket.d/50-root.conf", "[Socket]\nSocketMode=0600\n"),
        // A host key a boot, in RAM. sshd's own generation is skipped with an empty machine-id and then loops.
        (
            "etc/systemd/system/ssh.service.d/50-host-key.conf",
            """
            [Service]
            ExecStartPre=
            ExecStartPre=/bin/mkdir -p -m 0700 /run/bennu/ssh
            ExecStartPre=/bin/sh -c 'K=/run/bennu/ssh/ssh_host_ed25519_key; test -f $$K || ssh-keygen -q -t ed25519 -N "" -C "" -f $$K'
            ExecStartPre=/usr/sbin/sshd -t

            """
        ),
        (
            "etc/ssh/sshd_config.d/10-bennu.conf",
            """
            HostKey /run/bennu/ssh/ssh_host_ed25519_key
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            UseDNS no
            X11Forwarding no

            """
        ),
        ("etc/systemd/journald.conf.d/10-bennu.conf", "[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\nForwardToSyslog=no\n"),
        // Time servers come from DHCP or the configuration, never from a vendor's default.
        ("etc/systemd/timesyncd.conf.d/10-bennu.conf", "[Time]\nFallbackNTP=\n"),
        // The watchdog that the hardware has, if any: a host whose kernel or PID 1 hangs is reset. A PID 1 that crashes closes the device, which after a
        // soft reboot stops it, so it restarts the host by itself. A reboot has as long as systemd gives it.
        // No timer for kexec: systemd is not what starts it here, and guests may stand meanwhile (see the agent's Watchdog).
        (
            "etc/systemd/system.conf.d/10-bennu.conf",
            "[Manager]\nDefaultTimeoutStopSec=30s\nCrashAction=reboot\nRuntimeWatchdogSec=2min\nRebootWatchdogSec=10min\nKExecWatchdogSec=off\n"
        ),
        // No device asks for this driver.
        ("etc/modprobe.d/bennu.conf", "softdep ipmi_si post: ipmi_watchdog\n"),
        ("etc/systemd/logind.conf.d/10-bennu.conf", "[Login]\nNAutoVTs=0\nReserveVT=0\n"),
        (
            "etc/sysctl.d/10-bennu.conf",
            "kernel.panic = 10\nkernel.panic_on_oops = 1\nnet.ipv4.conf.all.arp_ignore = 1\nnet.ipv4.conf.all.arp_announce = 2\n"
        ),
        ("etc/modules-load.d/bennu.conf", "tun\nvhost_net\n"),
        ("etc/fstab", ""),
        ("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ]

    /// The way in when nothing else works: a root shell without password, on the console of whoever may set the kernel's command line.
    static let breakGlass: [File] = [("bennu-console", "tty1"), ("bennu-console-serial", "ttyS0")].map { name, terminal in
        File(
            path: "usr/lib/systemd/system/\(name).service",
            content: Array(
                """
                [Unit]
                Description=Break-glass console on \(terminal)
                ConditionKernelCommandLine=bennu.console=login
                ConditionPathExists=/dev/\(terminal)
                [Service]
                Environment=HOME=/root TERM=linux
                WorkingDirectory=/root
                ExecStart=-/bin/bash --login
                Type=idle
                Restart=always
                RestartSec=1
                StandardInput=tty-force
                StandardOutput=tty
                StandardError=tty
                TTYPath=/dev/\(terminal)
                TTYReset=yes
                TTYVHangup=yes
                [Install]
                WantedBy=multi-user.target

                """.utf8))
    }
}
