#!/bin/bash
# An image that saves the dump of a crash before root is mounted, and reboots.
# dracut --add kdump-capture --no-hostonly IMAGE KVER

# called by dracut
check() {
    return 255 # only when it is asked for
}

# called by dracut
depends() {
    echo base
}

# called by dracut
installkernel() {
    # shellcheck disable=SC2046
    hostonly='' instmods $("$moddir/kdump-capture" hook modules "$kernel")
}

# called by dracut
install() {
    "$moddir/kdump-capture" hook payload "$initdir" "$kernel" || return 1
    # shellcheck disable=SC2046
    inst_multiple -o $("$moddir/kdump-capture" hook programs)
    inst_hook cmdline 95 "$moddir/root.sh"
    inst_hook pre-mount 01 "$moddir/stage2.sh"
}
