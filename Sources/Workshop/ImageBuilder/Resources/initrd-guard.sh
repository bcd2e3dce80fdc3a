#!/bin/sh
# Outlives the initrd, and acts when the agent of the root that was switched to does not come up in time.
# Usage, in /run/bennu/return: busybox sh guard.sh return|reset SECONDS
#   return  start the former system again, which was packed into kept memory: its guests stand still, and go on there
#   reset   start the host anew
# The files of the initrd are gone soon, and the new root is not to be trusted: all it runs is the busybox beside it, and of the former root, kexec and the agent.
# Every path is relative: this directory moves along, while / stays behind. Descriptor 3 is the kernel log.
# Who acts is decided by the name of one file, and rename(2), in which one side wins: arming, armed, leaving and going are ours, held, back and
# closed the agent's; of reset, waiting and resetting are ours, alive is the agent's.
way=$1
deadline=$2
mark() { echo "<5>bennu: $*" >&3; }
last_error() { ./busybox tail -n 1 load.err; }
# Nothing of this is needed any more, and it lies in RAM.
leave() {
    if [ "$way" = return ]; then
        ./busybox chroot former /usr/sbin/kexec -u
        ./busybox chroot former /usr/sbin/kexec -p -u
        echo 0 > former/sys/kernel/kexec_crash_size
        ./busybox umount former/run/bennu/upper former/run/bennu/memory former/run 2>/dev/null
        ./busybox umount former/mnt former/dev former/sys former/proc former
    fi
    ./busybox umount proc
    ./busybox rm -f guard.sh load.err waiting busybox
    exit
}

# What it does is not to keep guests waiting.
./busybox renice -n 19 $$ >/dev/null

# --- the former kernel, loaded while the new system starts
if [ "$way" = return ]; then
    if ! ./busybox chroot former /usr/sbin/kexec -s -l /mnt/former/kernel --initrd=/mnt/former/initrd \
            --command-line="$(./busybox cat ../memory/former/command-line)" 2>load.err; then
        mark "no way back: $(last_error)"
        # The agent sees that nobody is here.
        ./busybox mv arming closed 2>/dev/null || : > closed
        leave
    fi
    # The agent may be about to have guests go on already; then it decides.
    ./busybox mv arming armed 2>/dev/null
    mark "way back loaded: the former system starts again unless guests go on within $deadline s"
    # For a panic, where the kernel has memory set aside: that kernel cannot see all of the memory, and starts itself once more.
    if [ ! -e held ] && [ "$(./busybox cat former/sys/kernel/kexec_crash_size)" != 0 ]; then
        if ./busybox chroot former /usr/sbin/kexec -s -p /mnt/former/kernel --initrd=/mnt/former/initrd \
                --command-line="$(./busybox cat ../memory/former/command-line) bennu.panicked nr_cpus=1 reset_devices" 2>load.err; then
            mark "way back loaded for a panic"
        else
            mark "no way back from a panic: $(last_error)"
        fi
    fi
fi

# An agent that was there first is alive already.
[ "$way" = reset ] && : > waiting
read -r now _ < proc/uptime
limit=$((${now%.*} + deadline))
is_late() {
    read -r now _ < proc/uptime
    [ "${now%.*}" -ge "$limit" ]
}
while :; do
    case $way in
        return)
            [ -e closed ] && leave
            [ -e back ] && break
            # Not where the agent holds it: then that decides, however long it takes.
            if [ -e at-once ] || is_late; then ./busybox mv armed leaving 2>/dev/null && break; fi
            ;;
        reset)
            [ -e alive ] && leave
            is_late && ./busybox mv waiting resetting 2>/dev/null && break
            ;;
    esac
    ./busybox sleep 1
done

if [ "$way" = reset ]; then
    reason="no agent came up within $deadline s"
    mark "$reason: starting the host anew"
    ./busybox wget -q -T 5 -O /dev/null --header "Content-Type: application/json" --header "Authorization: Bearer $CREDENTIAL" \
        --post-data "{\"events\":[{\"name\":\"agent-missing\",\"detail\":\"$reason\"}]}" "$SERVER/v1/boots/$BOOT/events" 2>/dev/null
    ./busybox sync
    ./busybox reboot -f
fi

# Guests that have gone on meanwhile stand once more, by the former root's agent: it is known to work.
stand_again() {
    [ -e gone-on ] || return 0
    mark "guests stand once more"
    ./busybox mount --bind ../.. former/run && ./busybox mount --bind former/mnt former/run/bennu/memory &&
        ./busybox mount --bind ../upper former/run/bennu/upper && ./busybox chroot former /usr/lib/bennu/bennu-agent stand 2>load.err
}

reason="no guest went on within $deadline s"
[ -e gone-on ] && reason="no agent came up within $deadline s"
[ -e at-once ] && reason=$(./busybox cat at-once)
[ -e back ] && reason=$(./busybox cat back)
echo "$reason" > ../memory/former/reason
./busybox sync
# The last word: an agent that did not want to wait any longer has taken the file away.
if ./busybox mv leaving going 2>/dev/null || ./busybox mv back going 2>/dev/null; then
    if stand_again; then
        mark "going back to the former system: $reason"
        ./busybox sync
        ./busybox chroot former /usr/sbin/kexec -e 2>load.err
        [ -e gone-on ] && ./busybox chroot former /usr/lib/bennu/bennu-agent stand --undo
    fi
    mark "cannot go back: $(last_error)"
    ./busybox mv going closed
fi
leave
