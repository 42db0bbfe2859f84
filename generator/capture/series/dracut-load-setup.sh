#!/bin/bash
# An image for the first kernel that carries the capture kernel with its image, and loads them before root is mounted.
# dracut --add kdump-capture-load IMAGE KVER

# called by dracut
check() {
    return 255 # only when it is asked for
}

# called by dracut
install() {
    "$moddir/../95kdump-capture/kdump-capture" hook carried "$initdir" "$kernel" || return 1
    # shellcheck disable=SC2046
    inst_multiple -o kexec $("$moddir/../95kdump-capture/kdump-capture" hook programs)
    inst_hook pre-mount 02 "$moddir/load.sh"
}
